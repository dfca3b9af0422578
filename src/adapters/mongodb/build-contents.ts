import type { Collection, Filter, Sort } from 'mongodb';
import type { Position } from '../../ports/event-log.ts';
import { type BuildContents, type ContentsRow, GroupMovedOn } from '../../ports/read-model-builds.ts';
import { createBuildCheck } from './build-check.ts';
import { type AnyVersioned, stateAt, tooNew } from './commit-point.ts';
import { type Connection, writeMilliseconds } from './connection.ts';
import { chunksOf } from './document-writes.ts';
import { type GroupDocument, idOf } from './documents.ts';
import { toStoredGroup, toStoredMessage, toStoredRow } from './row-documents.ts';
import { isCommitted } from './write-groups.ts';

const documentsPerPage = 1_000;

/** All that stands in a build's collections, one group at a time, in the order that the server has texts in. */
export function createBuildContents(connection: Connection): BuildContents {
  const { collections, run } = connection;
  const { groups } = collections;
  const isThere = createBuildCheck(connection);
  let sortedIds: readonly string[] | undefined;

  async function readIds(): Promise<readonly string[]> {
    const ids: string[] = [];
    for await (const page of pagesOf(connection, groups, {}, { _id: 1 })) {
      ids.push(...page.filter(isCommitted).map(({ groupId }) => groupId));
    }
    // MongoDB orders texts by code points, which is another order for some.
    return ids.sort();
  }

  return {
    async groupIds(after, limit) {
      sortedIds ??= await readIds();
      await isThere();
      const start = after === undefined ? 0 : sortedIds.findIndex((groupId) => groupId > after);
      return start < 0 ? [] : sortedIds.slice(start, start + limit);
    },
    async group(groupId) {
      const found = await run(() => groups.findOne({ _id: groupId, groupId }));
      await isThere();
      if (found === null || !isCommitted(found)) return undefined;
      return {
        group: toStoredGroup(found),
        async *rows() {
          for await (const page of rowsOf(connection, found)) yield* page;
          await isThere();
        },
      };
    },
    close: connection.close,
  };
}

/** What a query finds, a page at a time. */
async function* pagesOf<Document extends object>(
  { run }: Connection,
  collection: Collection<Document>,
  filter: Filter<Document>,
  sort: Sort,
): AsyncGenerator<Document[], undefined> {
  const cursor = collection.find(filter).sort(sort).batchSize(documentsPerPage);
  try {
    while (await run(() => cursor.hasNext(), writeMilliseconds)) yield cursor.readBufferedDocuments() as Document[];
  } finally {
    // It ends by itself where the server cannot be told.
    await cursor.close().catch(() => {});
  }
}

/**
 * By kind and then by key. Throws GroupMovedOn where the projector has changed the group twice since it was read, a command
 * of it or a text: of these nothing is kept of before.
 */
async function* rowsOf(
  connection: Connection,
  { groupId, appliedTo }: GroupDocument,
): AsyncGenerator<ContentsRow[], undefined> {
  const { commands, marks, memberships, mentions, mentionsOfAll, timeline, reactions, reactionCounts } =
    connection.collections;
  const changed = () => new GroupMovedOn(`group ${groupId} was changed while it was read`);
  const at = <Document extends AnyVersioned>(documents: readonly Document[]): Document[] =>
    documents.flatMap((document) => {
      const shown = stateAt(document, appliedTo);
      if (shown === tooNew) throw changed();
      return shown === undefined ? [] : [shown];
    });
  const isApplied = ({ position }: { readonly position: Position }): boolean => position <= appliedTo;
  const members = () => pagesOf(connection, memberships, { groupId }, { userId: 1 });
  const messages = () => pagesOf(connection, timeline, { groupId }, { seq: 1 });

  // All ids that begin with the group's: what joins the parts stands before whatever an id may hold.
  const ofGroup = { _id: { $gt: `${groupId} `, $lt: `${groupId}!` }, groupId };
  for await (const page of pagesOf(connection, commands, ofGroup, { _id: 1 })) {
    yield page.map(({ _id, groupId: _, ...row }) => {
      // What it was before is not kept.
      if (!isApplied(row)) throw changed();
      return { kind: 'command', key: `${row.actorId} ${row.commandId}`, row };
    });
  }
  for await (const people of members()) {
    const markedUpTo = new Map(at(people).map((member) => [member.userId, member.markedUpTo]));
    const theirs = { groupId, userId: { $in: [...markedUpTo.keys()] } };
    for await (const page of pagesOf(connection, marks, theirs, { userId: 1, upTo: 1 })) {
      const counting = page.filter(({ userId, upTo }) => upTo <= (markedUpTo.get(userId) ?? 0));
      yield counting.map(({ _id, groupId: _, ...row }) => ({
        ...{ kind: 'mark', key: `${row.userId} ${padded(row.upTo)}`, row },
      }));
    }
  }
  for await (const people of members()) {
    yield at(people).map((member) => ({ kind: 'member', key: member.userId, row: toStoredRow(member) }));
  }
  for await (const page of messages()) {
    const naming = page.flatMap(({ seq, sentPosition, mentions: userIds }) =>
      [...new Set(userIds)].map((userId) => ({ _id: idOf(userId, sentPosition), key: `${padded(seq)} ${userId}` })),
    );
    for (const chunk of chunksOf(naming)) {
      const theirs = { _id: { $in: chunk.map(({ _id }) => _id) }, groupId };
      const found: ContentsRow[] = [];
      for await (const some of pagesOf(connection, mentions, theirs, { _id: 1 })) {
        for (const { _id, groupId: _, ...row } of some.filter(isApplied)) {
          found.push({ kind: 'mention', key: `${padded(row.seq)} ${row.userId}`, row });
        }
      }
      yield found.sort(byKey);
    }
  }
  for await (const page of pagesOf(connection, mentionsOfAll, { groupId }, { position: 1 })) {
    yield page.filter(isApplied).map(({ _id, groupId: _, ...row }) => ({
      ...{ kind: 'mentionOfAll', key: padded(row.seq), row },
    }));
  }
  for await (const page of messages()) {
    yield at(page).map((message) => ({ kind: 'message', key: padded(message.seq), row: toStoredMessage(message) }));
  }
  for await (const page of pagesOf(connection, reactions, { groupId }, { seq: 1, _id: 1 })) {
    yield at(page).map((reaction) => {
      const { seq, userId, emoji } = reaction;
      return { kind: 'reaction', key: `${padded(seq)} ${userId} ${emoji}`, row: toStoredRow(reaction) };
    });
  }
  for await (const page of messages()) {
    const theirs = { _id: { $in: page.map(({ _id }) => _id) }, groupId };
    for await (const some of pagesOf(connection, reactionCounts, theirs, { seq: 1 })) {
      yield at(some).map((counts) => ({ kind: 'reactionCounts', key: padded(counts.seq), row: toStoredRow(counts) }));
    }
  }
}

const byKey = (a: ContentsRow, b: ContentsRow): number => (a.key < b.key ? -1 : 1);

/** The order of numbers is that of their text then. */
const padded = (seq: number): string => String(seq).padStart(9, '0');
