import type { GroupEvent, HighwaterEvent } from '../../src/events/event.ts';
import type { Role } from '../../src/events/values.ts';
import { type Position, startOfLog } from '../../src/ports/event-log.ts';
import type { CommandKey } from '../../src/ports/read-models.ts';
import type { Change } from '../../src/projections/changes.ts';
import { projectEvent } from '../../src/projections/project-event.ts';
import type { ProjectedWriter } from './projected-writer.ts';

type Content = Partial<Extract<GroupEvent, { type: 'MessageSent' }>['data']>;

/** The moment of what happens at a position: one second after the other. */
export const momentAt = (position: Position): string => new Date(Date.UTC(2026, 0, 1) + position * 1_000).toISOString();

/**
 * What happens in some groups, told in order, as the changes that it projects. It decides nothing: a mark of one who has
 * left stands in it as it would in the log.
 */
export class History {
  changes: Change[] = [];
  /** The newest position. There are gaps between two. */
  position: Position = startOfLog;
  #command: (CommandKey & { readonly digest?: string; readonly continues?: true }) | undefined;
  readonly #groups = new Map<
    string,
    { version: number; readsVersion: number; lastSeq: number; members: Set<string>; authors: Map<number, string> }
  >();

  /** What comes next is ordered by this command, whose client chose its id; and perhaps not all that it orders. */
  by(command: CommandKey & { readonly digest: string; readonly continues?: true }): this {
    this.#command = command;
    return this;
  }

  create(groupId: string, name: string, userIds: readonly string[] = []): this {
    this.#add(groupId, { type: 'GroupCreated', data: { groupId, name } });
    return userIds.length === 0 ? this : this.join(groupId, ...userIds);
  }

  renameGroup(groupId: string, name: string): this {
    return this.#add(groupId, { type: 'GroupRenamed', data: { name } });
  }

  /** Those who are members already stay out of it. */
  join(groupId: string, ...userIds: readonly string[]): this {
    return this.joinAs(groupId, 'member', ...userIds);
  }

  joinAs(groupId: string, role: Role, ...userIds: readonly string[]): this {
    const { members, lastSeq } = this.#group(groupId);
    const added = userIds.filter((userId) => !members.has(userId));
    for (const userId of added) members.add(userId);
    if (added.length === 0) return this;
    const data = { afterSeq: lastSeq, memberCount: members.size };
    const rows = added.map((userId) => ({ userId, name: userId.toUpperCase(), role }));
    return this.#add(groupId, { type: 'MembersAdded', data: { members: rows, ...data } });
  }

  leave(groupId: string, userId: string): this {
    const { members, lastSeq } = this.#group(groupId);
    if (!members.delete(userId)) return this;
    const data = { userId, afterSeq: lastSeq, memberCount: members.size };
    return this.#add(groupId, { type: 'MemberLeft', data });
  }

  setRole(groupId: string, userId: string, role: Role): this {
    return this.#add(groupId, { type: 'MemberRoleChanged', data: { userId, role } });
  }

  renameMember(groupId: string, userId: string, name: string): this {
    return this.#add(groupId, { type: 'MemberRenamed', data: { userId, name } });
  }

  /** Sends the group's next message; its id is made of its group and seq unless said. */
  send(groupId: string, authorId: string, text: string, content: Content = {}): this {
    const group = this.#group(groupId);
    group.lastSeq += 1;
    const seq = group.lastSeq;
    const nothing = { replyTo: null, mentions: [], mentionsAll: false, audienceCount: group.members.size - 1 };
    group.authors.set(seq, authorId);
    const data = { messageId: `${groupId}-${seq}`, seq, authorId, text, ...nothing, ...content };
    return this.#add(groupId, { type: 'MessageSent', data });
  }

  /** By whoever has sent it. */
  edit(groupId: string, seq: number, text: string, mentionsAll: boolean | null = false): this {
    this.#command ??= { actorId: this.#group(groupId).authors.get(seq) ?? 'actor', commandId: 'command' };
    const data = { messageId: `${groupId}-${seq}`, seq, text, mentionsAll };
    return this.#add(groupId, { type: 'MessageEdited', data });
  }

  delete(groupId: string, seq: number): this {
    return this.#add(groupId, { type: 'MessageDeleted', data: { messageId: `${groupId}-${seq}`, seq } });
  }

  react(groupId: string, seq: number, userId: string, emoji: string): this {
    const data = { messageId: `${groupId}-${seq}`, seq, userId, emoji };
    return this.#add(groupId, { type: 'ReactionAdded', data });
  }

  unreact(groupId: string, seq: number, userId: string, emoji: string): this {
    const data = { messageId: `${groupId}-${seq}`, seq, userId, emoji };
    return this.#add(groupId, { type: 'ReactionRemoved', data });
  }

  mark(groupId: string, userId: string, upTo: number): this {
    return this.#add(groupId, { type: 'ReadUpTo', data: { groupId, userId, upTo } });
  }

  lastSeq(groupId: string): number {
    return this.#group(groupId).lastSeq;
  }

  isMember(groupId: string, userId: string): boolean {
    return this.#group(groupId).members.has(userId);
  }

  /** Applies what has happened since the last time. */
  async apply(writer: Pick<ProjectedWriter, 'apply'>): Promise<Position> {
    await writer.apply(this.changes, this.position);
    this.changes = [];
    return this.position;
  }

  #group(groupId: string) {
    const group = this.#groups.get(groupId) ?? {
      version: -1,
      readsVersion: -1,
      lastSeq: 0,
      members: new Set<string>(),
      authors: new Map<number, string>(),
    };
    this.#groups.set(groupId, group);
    return group;
  }

  #add(groupId: string, event: HighwaterEvent): this {
    const group = this.#group(groupId);
    const isMark = event.type === 'ReadUpTo';
    if (isMark) group.readsVersion += 1;
    else group.version += 1;
    this.position += 1 + (this.position % 3 === 0 ? 2 : 0);
    const { actorId, commandId, digest, continues } = this.#command ?? { actorId: 'actor', commandId: 'command' };
    this.#command = undefined;
    const origin = { correlationId: 'correlation', causationId: commandId, actorId };
    const command = { commandDigest: digest, commandContinues: continues };
    const metadata = { ...origin, ...command, at: momentAt(this.position) };
    const version = isMark ? group.readsVersion : group.version;
    this.changes.push(
      ...projectEvent({ event, metadata, groupId, version, position: this.position, readAt: metadata.at }),
    );
    return this;
  }
}
