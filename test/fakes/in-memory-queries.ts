import {
  type MentionRow,
  type MessageRow,
  MomentPassed,
  passedOn,
  type ReaderRow,
  type ReadModels,
  type ReadMoment,
  type Stay,
} from '../../src/ports/read-models.ts';
import type { StoredMember, StoredMessage } from '../../src/ports/row-store.ts';
import { parseSearch } from '../../src/ports/search-query.ts';
import { createInMemoryLists } from './in-memory-lists.ts';
import {
  type BuildRows,
  type GroupRows,
  haltedGroupsOf,
  keyOfCommand,
  rowsAtCheckpoint,
  snapshotOf,
  toGroupRow,
} from './in-memory-rows.ts';

const isWithin = (stays: readonly Stay[], seq: number): boolean =>
  stays.some(({ from, to }) => seq > from && (to === null || seq <= to));
const toMessage = ({ position: _, ...message }: StoredMessage): MessageRow => message;
const toMember = ({ position: _, ...member }: StoredMember) => member;
const bySeq = (a: StoredMessage, b: StoredMessage): number => a.seq - b.seq;
const byUserId = (a: { readonly userId: string }, b: { readonly userId: string }): number =>
  a.userId < b.userId ? -1 : 1;

/** The port's queries over what a build holds, looked up in the plainest way. `rows` throws where the build is gone. */
export function createInMemoryQueries(rows: () => BuildRows): ReadModels {
  const groupOf = (groupId: string): GroupRows | undefined => rows().groups.get(groupId);
  const membersOf = (groupId: string): StoredMember[] => [...(groupOf(groupId)?.members.values() ?? [])];
  const messagesOf = (groupId: string): StoredMessage[] => [...(groupOf(groupId)?.messages.values() ?? [])].sort(bySeq);

  return {
    checkpoint: async () => rows().checkpoint.position,
    groups: async (groupIds) =>
      groupIds.flatMap((groupId) => {
        const stored = groupOf(groupId)?.group;
        return (stored && toGroupRow(stored)) ?? [];
      }),
    groupSnapshot: async (groupId) => snapshotOf(rows(), groupId),
    members: async (groupId, userIds) =>
      membersOf(groupId)
        .filter(({ userId }) => userIds.includes(userId))
        .map(toMember),
    membersPage: async (groupId, { after = '', before, limit, last }) => {
      const range = membersOf(groupId)
        .filter(({ active, userId }) => active && userId > after && (before === undefined || userId < before))
        .sort(byUserId);
      return range.slice(last ? Math.max(0, range.length - limit) : 0, last ? undefined : limit).map(toMember);
    },
    inboxPage: async (userId, before, limit) =>
      [...rows().groups.values()]
        .flatMap(({ group: stored, members }) => {
          const [group, member] = [toGroupRow(stored), members.get(userId)];
          const { activityPosition } = stored;
          return group && member?.active ? [{ group, member: toMember(member), activityPosition }] : [];
        })
        .filter(({ activityPosition }) => before === undefined || activityPosition < before)
        .sort((a, b) => b.activityPosition - a.activityPosition)
        .slice(0, limit),
    timelinePage: async (groupId, { fromSeq, toSeq, limit, last }) => {
      const range = messagesOf(groupId).filter(({ seq }) => seq >= fromSeq && seq <= toSeq);
      return (last ? range.slice(Math.max(0, range.length - limit)) : range.slice(0, limit)).map(toMessage);
    },
    messages: async (groupId, messageIds) =>
      messagesOf(groupId)
        .filter(({ messageId }) => messageIds.includes(messageId))
        .map(toMessage),
    acceptedCommands: async (groupId, keys) =>
      keys.flatMap((key) => {
        const command = groupOf(groupId)?.commands.get(keyOfCommand(key));
        return command === undefined ? [] : [{ groupId, ...command }];
      }),
    reactionCounts: async (keys) =>
      keys.flatMap(({ groupId, seq }) =>
        (groupOf(groupId)?.reactionCounts.get(seq)?.counts ?? [])
          .filter(({ count }) => count > 0)
          .map(({ emoji, count }) => ({ groupId, seq, emoji, count })),
      ),
    reactions: async (keys) =>
      keys.flatMap(({ groupId, seq }) =>
        [...(groupOf(groupId)?.reactions.values() ?? [])]
          .filter((reaction) => reaction.seq === seq && reaction.present)
          .map(({ emoji, userId }) => ({ groupId, seq, emoji, userId })),
      ),
    mentionsPage: async (userId, before, limit) =>
      [...rows().groups.values()]
        .flatMap((group) => mentionsIn(group, userId))
        .filter(({ position }) => before === undefined || position < before)
        .sort((a, b) => b.position - a.position)
        .slice(0, limit),
    messagesBySeq: async (keys) =>
      keys.flatMap(({ groupId, seq }) => {
        const message = groupOf(groupId)?.messages.get(seq);
        return message === undefined ? [] : [toMessage(message)];
      }),
    search: async (groupIds, text, before = Number.MAX_SAFE_INTEGER, limit) => {
      const search = parseSearch(text);
      return groupIds
        .flatMap(messagesOf)
        .filter(({ sentPosition, text: own }) => own !== null && sentPosition < before && search?.isIn(own))
        .sort((a, b) => b.sentPosition - a.sentPosition)
        .slice(0, limit)
        .map(toMessage);
    },
    readersPage: async ({ groupId, seq }, at, afterUserId, limit) =>
      readersOf(groupOf(groupId), seq)
        .filter(
          ({ userId, readAt }) =>
            userId > (afterUserId ?? '') && (at === undefined || Date.parse(readAt) <= Date.parse(at)),
        )
        .slice(0, limit),
    ...createInMemoryLists(rows),
    haltedGroups: async () => haltedGroupsOf(rows()),
    moment: async () => momentOf(rows),
    close: async () => undefined,
  };
}

/** Of a copy of everything. Where the build is gone it is, as on a server. */
function momentOf(rows: () => BuildRows): ReadMoment {
  const then = rowsAtCheckpoint(rows());
  let isClosed = false;
  const queries = createInMemoryQueries(() => {
    rows();
    return then;
  });
  const whileOpen = passedOn(queries, async (read) => {
    if (isClosed) throw new MomentPassed('the moment is closed');
    return read();
  });
  return {
    ...whileOpen,
    position: then.checkpoint.position,
    close: async () => {
      isClosed = true;
    },
  };
}

/** By name, or with everybody where the message lies in one of their stays and is not their own; each message once. */
function mentionsIn({ members, messages, mentions, mentionsOfAll }: GroupRows, userId: string): MentionRow[] {
  const member = members.get(userId);
  if (!member?.active) return [];
  const positions = new Map<number, number>();
  for (const { seq, authorId, position } of mentionsOfAll.values()) {
    if (authorId !== userId && isWithin(member.stays, seq)) positions.set(seq, position);
  }
  for (const { seq, userId: named, position } of mentions.values()) if (named === userId) positions.set(seq, position);
  return [...positions].flatMap(([seq, position]) => {
    const message = messages.get(seq);
    return message === undefined ? [] : [{ message: toMessage(message), position }];
  });
}

/** By user id. They have read it at the moment of their first mark at or beyond it. */
function readersOf(group: GroupRows | undefined, seq: number): readonly ReaderRow[] {
  const message = group?.messages.get(seq);
  if (group === undefined || message === undefined) return [];
  const isReader = ({ userId, markedUpTo, stays }: StoredMember): boolean =>
    userId !== message.authorId && markedUpTo >= seq && isWithin(stays, seq);
  return [...group.members.values()]
    .filter(isReader)
    .sort(byUserId)
    .flatMap(({ userId }) => {
      const marks = [...group.marks.values()].filter((mark) => mark.userId === userId && mark.upTo >= seq);
      const first = marks.sort((a, b) => a.upTo - b.upTo)[0];
      return first === undefined ? [] : [{ userId, readAt: first.at }];
    });
}
