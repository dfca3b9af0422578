import type { Position } from '../../ports/event-log.ts';
import type { MessagePages } from '../../ports/pages.ts';
import type { MessageKey } from '../../ports/rows.ts';
import { tooNew } from './commit-point.ts';
import type { Connection, ReadOptions } from './connection.ts';
import { idOf } from './documents.ts';
import type { GroupsToRead } from './group-reads.ts';
import { messagesAt } from './message-queries.ts';
import { type Membership, ownMemberships } from './own-memberships.ts';
import { isWithin } from './row-documents.ts';

interface Mention extends MessageKey {
  readonly position: Position;
}

const newestFirst = (a: Mention, b: Mention): number => b.position - a.position;
const groupsPerQuery = 50;

/**
 * A person's mentions before a position, newest first.
 *
 * - By name: a document of their own.
 * - With everybody: the group's document, where the message lies within one of their stays and is not their own.
 * - Either counts only in groups of which they are a member now. One message is one mention.
 */
export function createMentionsPage(connection: Connection, reads: GroupsToRead): MessagePages['mentionsPage'] {
  const { collections, run } = connection;

  async function byName(
    userId: string,
    options: ReadOptions,
    groupIds: string[],
    before: Position,
    limit: number,
  ): Promise<Mention[]> {
    const wanted = { userId, position: { $lt: before }, groupId: { $in: groupIds } };
    return run(() => collections.mentions.find(wanted, options).sort({ position: -1 }).limit(limit).toArray());
  }

  /** By groups at a time, each from the first stay on: the server merges ranges of the index, and sorts nothing. */
  async function ofAll(
    userId: string,
    options: ReadOptions,
    memberships: readonly Membership[],
    before: Position,
    limit: number,
  ): Promise<Mention[]> {
    const pieces = Array.from({ length: Math.ceil(memberships.length / groupsPerQuery) }, (_, index) =>
      memberships.slice(index * groupsPerQuery, (index + 1) * groupsPerQuery),
    );
    const found = pieces.map((piece) => {
      const ranges = piece.map(({ group, stays }) => {
        const range = { groupId: group._id, position: { $lt: before }, seq: { $gt: stays[0]?.from ?? 0 } };
        return { ...range, authorId: { $ne: userId } };
      });
      return run(() =>
        collections.mentionsOfAll.find({ $or: ranges }, options).sort({ position: -1 }).limit(limit).toArray(),
      );
    });
    return (await Promise.all(found)).flat().sort(newestFirst).slice(0, limit);
  }

  /** Those of these messages that name the person as well: they were told by that, at the latest when everybody was. */
  async function named(
    userId: string,
    options: ReadOptions,
    mentions: readonly Mention[],
  ): Promise<ReadonlySet<string>> {
    if (mentions.length === 0) return new Set();
    const keys = mentions.map(({ groupId, seq }) => ({ userId, groupId, seq }));
    const found = await run(() => collections.mentions.find({ $or: keys }, options).toArray());
    return new Set(found.map(({ groupId, seq }) => idOf(groupId, seq)));
  }

  /** Mentions that reach the person, of those that one of the two queries finds, until there are `limit` of them. */
  async function collect(
    find: (before: Position) => Promise<Mention[]>,
    reaching: (mentions: readonly Mention[]) => Promise<readonly Mention[]> | readonly Mention[],
    start: Position,
    limit: number,
  ): Promise<Mention[]> {
    const mentions: Mention[] = [];
    let before = start;
    while (mentions.length < limit) {
      const found = await find(before);
      mentions.push(...(await reaching(found)));
      if (found.length < limit) break;
      before = found.at(-1)?.position ?? 0;
    }
    return mentions;
  }

  return async (userId, before, limit) => {
    if (limit < 1) return [];
    return reads.consistently(async (options) => {
      const memberships = await ownMemberships(connection, reads, userId, options);
      if (memberships === tooNew) return tooNew;
      const groupIds = [...memberships.keys()];
      const isApplied = ({ groupId, position }: Mention): boolean =>
        position <= (memberships.get(groupId)?.group.appliedTo ?? -1);
      const isIn = (mention: Mention): boolean =>
        isApplied(mention) && isWithin(memberships.get(mention.groupId)?.stays ?? [], mention.seq);
      const applied = (mentions: readonly Mention[]) => mentions.filter(isApplied);
      const ofAllAlone = async (mentions: readonly Mention[]) => {
        const told = await named(userId, options, mentions);
        return mentions.filter((mention) => isIn(mention) && !told.has(idOf(mention.groupId, mention.seq)));
      };
      const start = before ?? Number.MAX_SAFE_INTEGER;
      const [byNames, all] = await Promise.all([
        collect((from) => byName(userId, options, groupIds, from, limit), applied, start, limit),
        collect((from) => ofAll(userId, options, [...memberships.values()], from, limit), ofAllAlone, start, limit),
      ]);
      const newest = [...all, ...byNames].sort(newestFirst).slice(0, limit);
      const groups = new Map([...memberships].map(([groupId, { group }]) => [groupId, group]));
      const ids = newest.map(({ groupId, seq }) => idOf(groupId, seq));
      const wanted = { _id: { $in: ids }, groupId: { $in: newest.map(({ groupId }) => groupId) } };
      const found = await run(() => collections.timeline.find(wanted, options).toArray());
      const messages = messagesAt(found, groups);
      if (messages === tooNew) return tooNew;
      const rows = new Map(messages.map((message) => [idOf(message.groupId, message.seq), message]));
      return newest.flatMap(({ groupId, seq, position }) => {
        const message = rows.get(idOf(groupId, seq));
        return message === undefined ? [] : [{ message, position }];
      });
    });
  };
}
