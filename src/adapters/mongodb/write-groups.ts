import type { AnyBulkWriteOperation } from 'mongodb';
import { noStream, type Position, startOfLog } from '../../ports/event-log.ts';
import { LeaseLost } from '../../ports/read-models.ts';
import type { ChangedGroup } from '../../ports/row-store.ts';
import { searchWords } from '../../ports/search-words.ts';
import { writeMilliseconds } from './connection.ts';
import {
  addDocuments,
  allSettled,
  type BatchWrite,
  chunksOf,
  putDocuments,
  putNewest,
  update,
} from './document-writes.ts';
import type { GroupDocument, MessageDocument } from './documents.ts';
import { newNames } from './name-documents.ts';
import {
  messageId,
  putMember,
  putMessage,
  putReaction,
  putReactionCounts,
  toCommand,
  toMarks,
  toMention,
  toMentionOfAll,
} from './row-documents.ts';

const newGroup = (groupId: string, batch: number): GroupDocument => ({
  ...{ _id: groupId, groupId, name: '', createdAt: null, memberCount: 0, lastSeq: 0, lastMessageAt: null },
  ...{ version: noStream, readsVersion: noStream, activityPosition: startOfLog, countsPosition: startOfLog },
  ...{ uncounted: false, position: startOfLog, appliedTo: startOfLog, haltedAt: null, haltReason: null, batch },
  ...{ lastAt: null, creationHash: null },
  previous: null,
});

/** That a group is there which no batch has committed yet says nothing but whose it is, unless it was halted at its first event. */
export const isCommitted = ({ appliedTo, haltedAt }: GroupDocument): boolean =>
  appliedTo > startOfLog || haltedAt !== null;

/**
 * Makes these groups the batch's own and reads them: from then on no batch of a lower number commits anything to them, not
 * even where there was no group yet. Throws LeaseLost.
 */
export async function claimGroups(write: BatchWrite, groupIds: readonly string[]): Promise<GroupDocument[]> {
  const { connection, batch, requireHeld } = write;
  const { groups } = connection.collections;
  const claimed: GroupDocument[] = [];
  for (const chunk of chunksOf(groupIds)) {
    const theirs = { _id: { $in: [...chunk] }, groupId: { $in: [...chunk] } };
    const find = (projection: object) =>
      connection.run(() => groups.find(theirs, { projection }).toArray(), writeMilliseconds);
    const there = new Set((await find({ _id: 1 })).map(({ _id }) => _id));
    const missing = chunk.filter((groupId) => !there.has(groupId)).map((groupId) => newGroup(groupId, batch));
    const appeared = await addDocuments(write, groups, missing);
    if (there.size + appeared.length > 0) {
      requireHeld();
      const older = { ...theirs, batch: { $lt: batch } };
      await connection.run(() => groups.updateMany(older, { $set: { batch } }), writeMilliseconds);
    }
    for (const group of await find({})) {
      if (group.batch !== batch) throw new LeaseLost(`group ${group._id} is written by a later holder of the lease`);
      claimed.push(group);
    }
  }
  return claimed;
}

const rowsPerSlice = 5_000;

/** A batch is written a few groups at a time, so that none is on its way for long. */
export function* slicesOf(groups: readonly ChangedGroup[]): Generator<readonly ChangedGroup[]> {
  let slice: ChangedGroup[] = [];
  let rows = 0;
  for (const group of groups) {
    slice.push(group);
    for (const list of Object.values(group)) if (Array.isArray(list)) rows += list.length;
    if (rows < rowsPerSlice) continue;
    yield slice;
    slice = [];
    rows = 0;
  }
  if (slice.length > 0) yield slice;
}

/**
 * Writes the rows of some groups in any order, and then the groups, by which alone all of it is shown. Whatever ends it
 * halfway leaves documents behind that nobody sees, and that the next attempt writes again from the committed fields.
 * `committed` says how far the groups were before, of all that there were.
 */
export async function writeGroups(
  write: BatchWrite,
  slice: readonly ChangedGroup[],
  committed: ReadonlyMap<string, Position>,
): Promise<void> {
  const { batch, connection } = write;
  const { collections } = connection;
  const each = <Row, Document>(
    rows: (group: ChangedGroup) => readonly Row[],
    toDocument: (row: Row, groupId: string) => Document,
  ): Document[] => slice.flatMap((one) => rows(one).map((row) => toDocument(row, one.group.after.groupId)));
  await allSettled([
    putDocuments(
      write,
      collections.memberships,
      each(
        ({ members }) => members,
        (row) => putMember(row, batch),
      ),
    ),
    putDocuments(
      write,
      collections.timeline,
      each(
        ({ messages }) => messages,
        (row) => putMessage(row, batch),
      ),
    ),
    putDocuments(
      write,
      collections.reactions,
      each(
        ({ reactions }) => reactions,
        (row) => putReaction(row, batch),
      ),
    ),
    putDocuments(
      write,
      collections.reactionCounts,
      each(
        (one) => one.reactionCounts,
        (row) => putReactionCounts(row, batch),
      ),
    ),
    putNewest(write, collections.memberNames, newNames(slice)),
    addDocuments(write, collections.marks, each(({ marks }) => marks, toMarks).flat()),
    addDocuments(
      write,
      collections.mentions,
      each(({ mentions }) => mentions, toMention),
    ),
    addDocuments(
      write,
      collections.mentionsOfAll,
      each(({ mentionsOfAll }) => mentionsOfAll, toMentionOfAll),
    ),
    putNewest(
      write,
      collections.commands,
      each(({ commands }) => commands, toCommand),
    ),
  ]);
  await commitGroups(write, slice, committed);
  await eraseTexts(write, slice);
}

async function commitGroups(
  write: BatchWrite,
  slice: readonly ChangedGroup[],
  committed: ReadonlyMap<string, Position>,
): Promise<void> {
  const { batch } = write;
  const operations = slice.map(({ group: { before, after }, upTo }): AnyBulkWriteOperation<GroupDocument> => {
    const { groupId } = after;
    // What counting has cleared meanwhile is set again only by what it did not know of.
    const isUncounted = after.countsPosition > (before?.countsPosition ?? startOfLog);
    const appliedTo = committed.get(groupId) ?? startOfLog;
    const previous = before === undefined ? null : { ...before, appliedTo };
    const $set = { ...after, batch, previous, ...(isUncounted ? { uncounted: true } : {}) };
    // A batch that comes again may end before what is committed.
    const change = { $set, $max: { appliedTo: upTo } };
    return { updateOne: { filter: { _id: groupId, groupId, batch: { $lte: batch } }, update: change } };
  });
  const matched = await update(write, write.connection.collections.groups, operations);
  if (matched < operations.length) throw new LeaseLost('a later holder of the lease writes these groups');
}

/**
 * The text of a message that is edited or deleted stays in the fields before until that is committed, and goes then. After
 * a crash in between, the batch comes again, and this with it. By the position a reader who still needs the text before
 * knows that there is none any more, and reads again.
 */
async function eraseTexts(write: BatchWrite, slice: readonly ChangedGroup[]): Promise<void> {
  const operations = slice.flatMap(({ group, rewrites }) =>
    rewrites.map(({ seq, text, position }): AnyBulkWriteOperation<MessageDocument> => {
      const { groupId } = group.after;
      const _id = messageId({ groupId, seq });
      const filter = { _id, groupId, position, 'previous.position': { $lt: position } };
      const words = [...new Set(searchWords(text ?? ''))];
      const $set = { words, 'previous.text': text, 'previous.position': position };
      return { updateOne: { filter, update: { $set } } };
    }),
  );
  await update(write, write.connection.collections.timeline, operations);
}
