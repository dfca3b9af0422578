import type { EventMetadata } from '../../src/events/codec.ts';
import { decodeRecorded } from '../../src/events/decode-recorded.ts';
import type { GroupEvent, ReadsEvent } from '../../src/events/event.ts';
import { parseStreamName } from '../../src/events/stream-name.ts';
import { hashCreation, hashSent, hashText } from '../../src/events/text-hash.ts';
import { noStream, type Position, type RecordedEvent, startOfLog } from '../../src/ports/event-log.ts';
import { ReadModelsUnavailable } from '../../src/ports/read-model-faults.ts';
import type { ReadModels } from '../../src/ports/read-models.ts';
import type { CommandRow, GroupRow, HaltedGroup, MemberRow, MessageRow, ReactionRow } from '../../src/ports/rows.ts';
import type { InMemoryEventLog } from './in-memory-event-log.ts';

type Writable<Row> = { -readonly [Key in keyof Row]: Row[Key] };

interface GroupRows {
  readonly group: Writable<GroupRow>;
  readonly members: Map<string, Writable<MemberRow>>;
  readonly messages: Map<string, Writable<MessageRow>>;
  readonly reactions: Map<string, ReactionRow>;
  readonly commands: Map<string, CommandRow>;
}

export interface LaggingReadModels
  extends Pick<
    ReadModels,
    'checkpoint' | 'haltedGroups' | 'groups' | 'groupSnapshot' | 'messages' | 'reactions' | 'acceptedCommands'
  > {
  /** Projects so many of the log's next events: all of them unless said. */
  advance(count?: number): void;
  /** Throws everything away: what follows is projected from the first event on. */
  beginAnew(): void;
  /** While it is set, every question is answered with ReadModelsUnavailable. */
  away: boolean;
  /** What it says of halted groups. */
  halts: readonly HaltedGroup[];
}

/** Read models as commands see them, which stand still until they are told to go on. Written apart from the real ones. */
export function createLaggingReadModels(log: InMemoryEventLog): LaggingReadModels {
  const groups = new Map<string, GroupRows>();
  let projectedTo: Position = startOfLog;
  const checkpoint = (): Position => projectedTo;

  function project(recorded: RecordedEvent): void {
    const stream = parseStreamName(recorded.streamName);
    if (stream === undefined || stream.family === 'imports') return;
    const rows = groups.get(stream.groupId) ?? emptyRows(stream.groupId);
    groups.set(stream.groupId, rows);
    const { event, metadata } = decodeRecorded(recorded);
    if (metadata.at > (rows.group.lastAt ?? '')) rows.group.lastAt = metadata.at;
    if (event.type === 'GroupCreated') rows.group.creationHash = hashCreation(metadata.actorId, event.data.name);
    if (stream.family === 'group') rows.group.version = recorded.version;
    else rows.group.readsVersion = recorded.version;
    projectEvent(rows, event as GroupEvent | ReadsEvent, recorded.position, metadata.at);
    projectCommand(rows, event as GroupEvent | ReadsEvent, recorded.position, metadata);
  }

  function requireHere(): void {
    if (readModels.away) throw new ReadModelsUnavailable('by order of the test');
  }

  const readModels: LaggingReadModels = {
    away: false,
    halts: [],
    checkpoint: async () => {
      requireHere();
      return checkpoint();
    },
    haltedGroups: async () => {
      requireHere();
      return readModels.halts;
    },
    groups: async (ids) => {
      requireHere();
      return ids.flatMap((id) => copies(groups.get(id)?.group));
    },
    groupSnapshot: async (groupId) => {
      requireHere();
      const rows = groups.get(groupId);
      if (rows === undefined) return undefined;
      return { group: { ...rows.group }, members: structuredClone([...rows.members.values()]), position: checkpoint() };
    },
    messages: async (groupId, ids) => {
      requireHere();
      return ids.flatMap((id) => copies(groups.get(groupId)?.messages.get(id)));
    },
    reactions: async (keys) => {
      requireHere();
      return keys.flatMap(({ groupId, seq }) =>
        [...(groups.get(groupId)?.reactions.values() ?? [])].filter((reaction) => reaction.seq === seq),
      );
    },
    acceptedCommands: async (groupId, keys) => {
      requireHere();
      return keys.flatMap(({ actorId, commandId }) =>
        copies(groups.get(groupId)?.commands.get(`${actorId} ${commandId}`)),
      );
    },
    beginAnew() {
      groups.clear();
      projectedTo = startOfLog;
    },
    advance(count = log.all.length) {
      const next = log.all.filter(({ position }) => position > projectedTo).slice(0, count);
      for (const recorded of next) project(recorded);
      projectedTo = next.at(-1)?.position ?? projectedTo;
    },
  };
  return readModels;
}

const copies = <Row extends object>(row: Row | undefined): readonly Row[] => (row === undefined ? [] : [{ ...row }]);

function emptyRows(groupId: string): GroupRows {
  const group = {
    groupId,
    name: '',
    createdAt: '',
    memberCount: 0,
    lastSeq: 0,
    lastMessageAt: null,
    lastAt: null,
    creationHash: null,
    version: noStream,
    readsVersion: noStream,
  };
  return { group, members: new Map(), messages: new Map(), reactions: new Map(), commands: new Map() };
}

/** Of several events of one command the newest says how far it came. */
function projectCommand(
  { group, commands }: GroupRows,
  event: GroupEvent | ReadsEvent,
  position: Position,
  { actorId, causationId: commandId, commandDigest: digest, commandContinues }: EventMetadata,
): void {
  if (digest === undefined) return;
  const last = event.type === 'MembersAdded' ? (event.data.members.at(-1)?.userId ?? '') : '';
  const addedUpTo = commandContinues ? last : null;
  const { groupId } = group;
  commands.set(`${actorId} ${commandId}`, { groupId, actorId, commandId, digest, addedUpTo, position });
}

function projectEvent(rows: GroupRows, event: GroupEvent | ReadsEvent, position: Position, at: string): void {
  switch (event.type) {
    case 'MembersAdded':
    case 'MemberLeft':
    case 'MemberRemoved':
    case 'MemberRoleChanged':
    case 'MemberRenamed':
      projectMembership(rows, event, at);
      return;
    case 'ReadUpTo':
      advanceMark(rows, event.data.userId, event.data.upTo);
      return;
    case 'GroupCreated':
      rows.group.createdAt = at;
      rows.group.name = event.data.name;
      return;
    case 'GroupRenamed':
      rows.group.name = event.data.name;
      return;
    case 'MessageSent':
      rows.group.lastSeq = event.data.seq;
      advanceMark(rows, event.data.authorId, event.data.seq);
      rows.messages.set(event.data.messageId, {
        ...event.data,
        groupId: rows.group.groupId,
        sentAt: at,
        editedAt: null,
        deletedAt: null,
        sentHash: null,
        sentPosition: position,
      });
      return;
    case 'MessageEdited':
      rewrite(rows, event.data.messageId, {
        text: event.data.text,
        editedAt: at,
        ...(event.data.mentionsAll === null ? {} : { mentionsAll: event.data.mentionsAll }),
      });
      return;
    case 'MessageDeleted':
      rewrite(rows, event.data.messageId, { text: null, deletedAt: at });
      return;
    case 'ReactionAdded':
    case 'ReactionRemoved': {
      const { seq, emoji, userId } = event.data;
      const key = JSON.stringify([seq, emoji, userId]);
      if (event.type === 'ReactionRemoved') rows.reactions.delete(key);
      else rows.reactions.set(key, { groupId: rows.group.groupId, seq, emoji, userId });
      return;
    }
    default:
      event satisfies never;
  }
}

function rewrite({ messages }: GroupRows, messageId: string, change: Partial<MessageRow>): void {
  const row = messages.get(messageId);
  if (row === undefined) return;
  const { text, replyTo, mentions } = row;
  row.sentHash ??= hashSent({ textHash: hashText(text ?? ''), replyTo, mentions });
  Object.assign(row, change);
}

type Membership = Extract<
  GroupEvent,
  { type: 'MembersAdded' | 'MemberLeft' | 'MemberRemoved' | 'MemberRoleChanged' | 'MemberRenamed' }
>;

function projectMembership(rows: GroupRows, event: Membership, at: string): void {
  if (event.type !== 'MembersAdded') {
    const member = rows.members.get(event.data.userId);
    if (member === undefined) return;
    if (event.type === 'MemberRoleChanged') member.role = event.data.role;
    else if (event.type === 'MemberRenamed') member.name = event.data.name;
    else {
      const from = member.stays.at(-1)?.from ?? 0;
      member.stays = [...member.stays.slice(0, -1), { from, to: event.data.afterSeq }];
      member.active = false;
      rows.group.memberCount = event.data.memberCount;
    }
    return;
  }
  rows.group.memberCount = event.data.memberCount;
  for (const { userId, name, role } of event.data.members) {
    const earlier = rows.members.get(userId);
    rows.members.set(userId, {
      groupId: rows.group.groupId,
      userId,
      name,
      role,
      active: true,
      joinedAt: at,
      stays: [...(earlier?.stays ?? []), { from: event.data.afterSeq, to: null }],
      markedUpTo: earlier?.markedUpTo ?? 0,
    });
  }
}

function advanceMark(rows: GroupRows, userId: string, upTo: number): void {
  const member = rows.members.get(userId);
  if (member?.active) member.markedUpTo = Math.max(member.markedUpTo, upTo);
}
