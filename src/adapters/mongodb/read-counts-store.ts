import type { AnyBulkWriteOperation } from 'mongodb';
import { BuildGone } from '../../ports/read-model-builds.ts';
import { LeaseLost, type ReadCountRange } from '../../ports/read-models.ts';
import type { ReadCountsStore, StoredReadCounts } from '../../ports/row-store.ts';
import type { Connection } from './connection.ts';
import { type BatchWrite, update } from './document-writes.ts';
import { type GroupDocument, idOf, type ReadCountsDocument } from './documents.ts';
import type { GroupReads } from './group-reads.ts';

/** So many messages to a document: its ranges, one a message at worst, stay far below the 16 MiB that a document may have. */
export const messagesPerBlock = 100_000;

/** Counts by blocks of seq. A range is with the block that it begins in; the first is always there. */
export function blocksOf({ groupId, position, ranges }: StoredReadCounts): readonly ReadCountsDocument[] {
  const blocks = new Map<number, ReadCountRange[]>([[0, []]]);
  for (const range of ranges) {
    const block = Math.floor(range.fromSeq / messagesPerBlock);
    const there = blocks.get(block);
    if (there === undefined) blocks.set(block, [range]);
    else there.push(range);
  }
  return [...blocks].map(([block, ofBlock]) => ({
    ...{ _id: idOf(groupId, block), groupId, block, position, ranges: ofBlock },
  }));
}

interface Holder {
  readonly token: number;
  readonly requireHeld: () => void;
  /** Runs what changes documents of groups, one after the other. */
  readonly inTurn: <T>(write: () => Promise<T>) => Promise<T>;
}

/**
 * Counts are facts: exact at their position, whoever stores them. So it is enough that the lease was held when it began,
 * and that what is exact at a later position stays.
 */
export function createReadCountsStore(
  connection: Connection,
  reads: GroupReads,
  { token, requireHeld, inTurn }: Holder,
): ReadCountsStore {
  const { build, collections, run, readLimit } = connection;
  const { groups, readCounts, builds } = collections;

  async function store(counts: readonly StoredReadCounts[]): Promise<void> {
    requireHeld();
    const held = await run(() => builds.findOne({ _id: build, token }, readLimit));
    if (held === null)
      throw new LeaseLost(`build ${build} is gone, or no longer written by the lease of term ${token}`);
    const write: BatchWrite = { connection, batch: held.batch, requireHeld };
    await putBlocks(write, counts.flatMap(blocksOf));
    for (const { groupId, position, ranges } of counts) {
      // What an earlier position had in blocks where nothing begins any more.
      const isInBlocks = (ranges.at(-1)?.toSeq ?? 0) >= messagesPerBlock;
      if (isInBlocks) await run(() => readCounts.deleteMany({ groupId, position: { $lt: position } }));
    }
    const counted = counts.map(({ groupId, position }): AnyBulkWriteOperation<GroupDocument> => {
      const filter = { _id: groupId, groupId, countsPosition: { $lte: position } };
      return { updateOne: { filter, update: { $set: { uncounted: false } } } };
    });
    await update(write, groups, counted);
  }

  async function putBlocks(write: BatchWrite, blocks: readonly ReadCountsDocument[]): Promise<void> {
    const operations = blocks.map(({ _id, groupId, ...counts }): AnyBulkWriteOperation<ReadCountsDocument> => {
      const filter = { _id, groupId, position: { $lte: counts.position } };
      return { updateOne: { filter, update: { $set: counts }, upsert: true } };
    });
    if ((await update(write, readCounts, operations)) === operations.length) return;
    // Some are stored as of a later position, and a server may have stopped at the first of them.
    for (const operation of operations) await update(write, readCounts, [operation]);
  }

  return {
    async groupsToCount(afterGroupId, limit) {
      if (limit < 1) return [];
      const wanted = { uncounted: true, _id: { $gt: afterGroupId ?? '' }, createdAt: { $ne: null } };
      const found = await run(() => groups.find(wanted, readLimit).sort({ _id: 1 }).limit(limit).toArray());
      return found.map(({ groupId, memberCount }) => ({ groupId, memberCount }));
    },
    async groupSnapshots(groupIds) {
      try {
        return await reads.groupSnapshots(groupIds);
      } catch (error) {
        throw error instanceof BuildGone ? new LeaseLost(error.message, { cause: error }) : error;
      }
    },
    storeReadCounts: (counts) => inTurn(() => store(counts)),
  };
}
