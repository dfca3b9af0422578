import type { Position } from '../../ports/event-log.ts';
import type { MessageMemory } from '../../ports/message-memory.ts';
import type { MessagePages, PeoplePages } from '../../ports/pages.ts';
import type { MessageKey, MessageRow } from '../../ports/rows.ts';
import { parseSearch, type Search } from '../../ports/search-query.ts';
import { type AnyVersioned, stateAt, tooNew } from './commit-point.ts';
import type { Connection, ReadOptions } from './connection.ts';
import { chunksOf } from './document-writes.ts';
import {
  type GroupDocument,
  idOf,
  type MessageDocument,
  type ReactionCountsDocument,
  type ReactionDocument,
} from './documents.ts';
import type { GroupsToRead } from './group-reads.ts';
import { toMessageRow } from './row-documents.ts';

type ReactionQueries = Pick<PeoplePages, 'reactionCounts'> & Pick<MessageMemory, 'reactions'>;
type MessageQueries = Omit<MessagePages, 'mentionsPage'> & ReactionQueries;

/** Queries about messages: pages, the search and reactions. */
export function createMessageQueries(connection: Connection, reads: GroupsToRead): MessageQueries {
  const { collections, run } = connection;
  const { timeline } = collections;

  /** Runs a query of one group; none of its rows where the group is unknown. */
  const inGroup = <Row>(
    groupId: string,
    read: (group: GroupDocument, options: ReadOptions) => Promise<readonly Row[] | typeof tooNew>,
  ) =>
    reads.consistently(async (options) => {
      const group = (await reads.groups([groupId], options)).get(groupId);
      return group === undefined ? [] : read(group, options);
    });

  return {
    timelinePage: (groupId, { fromSeq, toSeq, limit, last }) =>
      inGroup(groupId, async (group, options) => {
        if (limit < 1) return [];
        const wanted = { groupId, seq: { $gte: fromSeq, $lte: Math.min(toSeq, group.lastSeq) } };
        const order = last ? -1 : 1;
        const found = await run(() => timeline.find(wanted, options).sort({ seq: order }).limit(limit).toArray());
        const rows = messagesAt(found, new Map([[groupId, group]]));
        return last && rows !== tooNew ? rows.reverse() : rows;
      }),
    messages: (groupId, messageIds) =>
      inGroup(groupId, async (group, options) => {
        const wanted = { messageId: { $in: [...messageIds] }, groupId };
        const found = await run(() => timeline.find(wanted, options).toArray());
        return messagesAt(found, new Map([[groupId, group]]));
      }),
    messagesBySeq: (keys) =>
      reads.consistently(async (options) => {
        const groups = await reads.groups(byGroup(keys), options);
        const ids = keys.map(({ groupId, seq }) => idOf(groupId, seq));
        const wanted = { _id: { $in: ids }, groupId: { $in: [...groups.keys()] } };
        return messagesAt(await run(() => timeline.find(wanted, options).toArray()), groups);
      }),
    search: (groupIds, text, before, limit) => {
      const search = parseSearch(text);
      if (search === undefined || limit < 1) return Promise.resolve([]);
      return reads.consistently(async (options) => {
        const groups = await reads.groups(groupIds, options);
        const pieces = [...chunksOf([...groups.values()], groupsPerQuery)];
        const found = await Promise.all(
          pieces.map((piece) => searchIn(connection, piece, options, search, before, limit)),
        );
        const rows = found.flatMap((some) => (some === tooNew ? [] : some));
        return found.includes(tooNew) ? tooNew : rows.sort(newestFirst).slice(0, limit);
      });
    },
    ...createReactionQueries(connection, reads),
  };
}

const byGroup = (keys: readonly MessageKey[]): string[] => [...new Set(keys.map(({ groupId }) => groupId))];

function createReactionQueries({ collections, run }: Connection, reads: GroupsToRead): ReactionQueries {
  return {
    reactionCounts: (keys) =>
      reads.consistently(async (options) => {
        const groupIds = byGroup(keys);
        const groups = await reads.groups(groupIds, options);
        const ids = keys.map(({ groupId, seq }) => idOf(groupId, seq));
        const wanted = { _id: { $in: ids }, groupId: { $in: groupIds } };
        const found = await run(() => collections.reactionCounts.find(wanted, options).toArray());
        return rowsAt<ReactionCountsDocument, ReactionCountRow>(found, groups, ({ groupId, seq, counts }) =>
          counts.filter(({ count }) => count > 0).map(({ emoji, count }) => ({ groupId, seq, emoji, count })),
        );
      }),
    reactions: (keys) =>
      reads.consistently(async (options) => {
        const groups = await reads.groups(byGroup(keys), options);
        if (groups.size === 0) return [];
        const branches = [...groups.keys()].map((groupId) => {
          const seqs = keys.filter((key) => key.groupId === groupId).map(({ seq }) => seq);
          return { groupId, seq: { $in: seqs } };
        });
        const found = await run(() => collections.reactions.find({ $or: branches }, options).toArray());
        return rowsAt<ReactionDocument, Omit<ReactionCountRow, 'count'> & { userId: string }>(
          found,
          groups,
          ({ groupId, seq, emoji, userId, present }) => (present ? [{ groupId, seq, emoji, userId }] : []),
        );
      }),
  };
}

interface ReactionCountRow {
  readonly groupId: string;
  readonly seq: number;
  readonly emoji: string;
  readonly count: number;
}

/** Rows of documents as of their groups; those of unknown groups have none. */
function rowsAt<Document extends AnyVersioned & { readonly groupId: string }, Row>(
  documents: readonly Document[],
  groups: ReadonlyMap<string, GroupDocument>,
  toRows: (document: Document) => readonly Row[],
): Row[] | typeof tooNew {
  const rows: Row[] = [];
  for (const document of documents) {
    const group = groups.get(document.groupId);
    const state = group && stateAt(document, group.appliedTo);
    if (state === tooNew) return tooNew;
    if (state !== undefined) rows.push(...toRows(state));
  }
  return rows;
}

export const messagesAt = (
  documents: readonly MessageDocument[],
  groups: ReadonlyMap<string, GroupDocument>,
): MessageRow[] | typeof tooNew => rowsAt(documents, groups, (document) => [toMessageRow(document)]);

/** The server merges so many ranges of an index, and sorts nothing: MongoDB's manual says fewer than 201 values of `$in`. */
const groupsPerQuery = 50;
/** So many messages at most are fetched at a time to see whether they hold what is looked for. */
const largestPage = 1_000;
const newestFirst = (a: MessageRow, b: MessageRow): number => b.sentPosition - a.sentPosition;

/**
 * A document's words are also those of its text before, as long as that may be shown: whether it holds what is looked for
 * is for the text that is shown to say. Where few of those looked at do, more are looked at at a time. With beginnings
 * alone the server sorts what it has found in the groups.
 */
async function searchIn(
  { collections, run }: Connection,
  groups: readonly GroupDocument[],
  options: ReadOptions,
  { words, beginnings, isIn }: Search,
  start: Position = Number.MAX_SAFE_INTEGER,
  limit: number,
): Promise<MessageRow[] | typeof tooNew> {
  const rows: MessageRow[] = [];
  const byId = new Map(groups.map((group) => [group._id, group]));
  // Only the first bounds what is looked at, and the longer a word is, the fewer messages hold it, by and large (Zipf).
  const rarest = words.toSorted((a, b) => b.length - a.length);
  const [first, ...others] = [
    ...(rarest.length > 0 ? [{ words: { $all: rarest } }] : []),
    // Letters and digits mean themselves in a pattern.
    ...beginnings.map((beginning) => ({ words: { $regex: `^${beginning}` } })),
  ];
  // The first stands by itself, as a planner that does not look into `$and` needs it to.
  const held = { ...first, ...(others.length > 0 && { $and: others }) };
  let before = start;
  for (let size = limit; rows.length < limit; size = Math.min(2 * size, largestPage)) {
    const wanted = { groupId: { $in: [...byId.keys()] }, sentPosition: { $lt: before }, ...held };
    const found = await run(() =>
      collections.timeline.find(wanted, options).sort({ sentPosition: -1 }).limit(size).toArray(),
    );
    const shown = messagesAt(found, byId);
    if (shown === tooNew) return tooNew;
    for (const row of shown) {
      if (row.text !== null && rows.length < limit && isIn(row.text)) rows.push(row);
    }
    if (found.length < size) break;
    before = found.at(-1)?.sentPosition ?? 0;
  }
  return rows;
}
