import type { Change } from '../../ports/changes.ts';
import type { Position } from '../../ports/event-log.ts';
import {
  type GroupEnd,
  LeaseLost,
  type ReadCountRange,
  ReadModelsCorrupt,
  ReadModelsUnavailable,
  type ReadModelWriter,
} from '../../ports/read-models.ts';
import { applySlice, slicesOf } from './apply-slice.ts';
import { createBatchRows } from './batch-rows.ts';
import { type Connection, type ConnectionOptions, connect, isDuplicate, writeMilliseconds } from './connection.ts';
import { type BatchWrite, chunksOf } from './document-writes.ts';
import { type CheckpointDocument, checkpointId } from './documents.ts';
import { createGroupReads } from './group-reads.ts';
import { acquireProjectorLease, type LeaseOptions, type ProjectorLease } from './projector-lease.ts';
import { markForRebuild, takeOver } from './take-over.ts';

export interface MongoReadModelWriterOptions extends ConnectionOptions, LeaseOptions {
  /** Told what the server lacks. */
  readonly onNotice?: ((notice: string) => void) | undefined;
}

/** Members and groups held in memory between batches; past it, all are let go. */
const maximumKnownDocuments = 300_000;
const retryMilliseconds = 1_000;

/**
 * Waits until this process is the one writer, which may take for ever, and makes the collections where they are missing
 * or of another version. As long as it waits, a server that cannot be used is a reason to go on waiting. Rejects with the
 * reason of `signal` once that aborts, and with what is a defect.
 */
export async function openMongoReadModelWriter(options: MongoReadModelWriterOptions): Promise<ReadModelWriter> {
  const { signal, onNotice = () => {} } = options;
  const onWaiting = onceInARow(options.onWaiting ?? (() => {}));
  const connection = connect(options);
  try {
    for (;;) {
      signal.throwIfAborted();
      let lease: ProjectorLease | undefined;
      try {
        lease = await acquireProjectorLease(connection, { ...options, onWaiting });
        const checkpoint = await takeOver(connection, { lease, holder: options.holder, onNotice });
        return createWriter(connection, lease, checkpoint);
      } catch (error) {
        await lease?.release();
        if (!(error instanceof ReadModelsUnavailable) && !(error instanceof LeaseLost)) throw error;
        onWaiting(error.message);
      }
      await pause(retryMilliseconds, signal);
    }
  } catch (error) {
    await connection.close();
    throw error;
  }
}

function onceInARow(tell: (reason: string) => void): (reason: string) => void {
  let last: string | undefined;
  return (reason) => {
    if (reason !== last) tell(reason);
    last = reason;
  };
}

async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, milliseconds);
  const end = () => resolve();
  signal.addEventListener('abort', end, { once: true });
  await promise;
  signal.removeEventListener('abort', end);
  clearTimeout(timer);
}

/**
 * Writes batches, one after the other.
 *
 * Fencing: every batch has a number, higher than that of any other, and the first write of a batch takes it, where the
 * checkpoint still says that this lease may write. Then the lease is asked about, by this process's own clock, before
 * every write. A holder that is paused after it has asked, and whose write is carried out when another has long begun,
 * changes nothing that anybody sees:
 *
 * - The successor's first write to the checkpoint leaves its token there: no batch and no checkpoint of the old holder
 *   comes through any more.
 * - Before it changes anything in a group, the successor claims the group's document with its batch number: no commit of
 *   the old holder comes through any more.
 * - A document that the successor has written keeps off a batch of a lower number. In one that it has not written, what
 *   the old holder writes is uncommitted: queries show the fields before, and they are those of the commit that the
 *   successor started from. The successor's own write replaces it from these fields, never from what was left behind.
 * - Marks' moments and mentions are facts of the log, the same whoever writes them.
 *
 * The same holds for writes of this process that it has given up waiting for.
 */
function createWriter(connection: Connection, lease: ProjectorLease, start: CheckpointDocument): ReadModelWriter {
  const { collections, run, readLimit } = connection;
  const { token } = lease;
  const reads = createGroupReads(connection);
  const rows = createBatchRows();
  let { batch, position } = start;
  let busy: Promise<unknown> = Promise.resolve();

  /** One after the other: both kinds of writes change documents of groups. */
  function inTurn<T>(write: () => Promise<T>): Promise<T> {
    const turn = busy.then(write);
    busy = turn.catch(() => {});
    return turn;
  }

  async function writeCheckpoint(mine: { batch: number | { $lt: number } }, changes: Partial<CheckpointDocument>) {
    lease.requireHeld();
    const wanted = { _id: checkpointId, token, building: false, ...mine } as const;
    const change = { $set: { ...changes, changedAt: new Date() } };
    const { matchedCount } = await run(() => collections.checkpoints.updateOne(wanted, change), writeMilliseconds);
    if (matchedCount > 0) return;
    lease.giveUp();
    throw new LeaseLost(`the read models are no longer written by the lease of term ${token}`);
  }

  async function apply(changes: readonly Change[], checkpoint: Position): Promise<void> {
    const number = batch + 1;
    // Taken, even where the answer is lost.
    batch = number;
    await writeCheckpoint({ batch: { $lt: number } }, { batch: number, applying: checkpoint });
    const write: BatchWrite = { connection, batch: number, requireHeld: lease.requireHeld };
    for (const slice of slicesOf(changes)) await applySlice(write, rows, slice, checkpoint);
    const reached = Math.max(position, checkpoint);
    await writeCheckpoint({ batch: number }, { position: reached, applying: reached });
    position = reached;
    if (rows.memberships.size() + rows.groups.size() > maximumKnownDocuments) forget();
  }

  function forget(): void {
    const { facts, ...documents } = rows;
    for (const known of Object.values(documents)) known.forget();
    for (const list of Object.values(facts)) list.length = 0;
  }

  /**
   * Counts are facts too: exact at their position, whoever stores them. So it is enough that the lease was held when it
   * began, and that what is exact at a later position stays.
   */
  async function storeReadCounts(groupId: string, exactAt: Position, ranges: readonly ReadCountRange[]): Promise<void> {
    lease.requireHeld();
    const held = await run(() => collections.checkpoints.findOne({ _id: checkpointId, token }, readLimit));
    if (held === null) throw new LeaseLost(`the read models are no longer written by the lease of term ${token}`);
    const { groups, readCounts } = collections;
    if ((await run(() => groups.findOne({ _id: groupId }, { projection: { _id: 1 } }))) === null) return;
    const older = { _id: groupId, position: { $lte: exactAt } };
    const counts = { position: exactAt, ranges: [...ranges] };
    const { matchedCount } = await run(() => readCounts.updateOne(older, { $set: counts }), writeMilliseconds);
    if (matchedCount === 0) {
      await run(() => readCounts.insertOne({ _id: groupId, ...counts }).catch(ignoreDuplicate), writeMilliseconds);
    }
    const counted = { _id: groupId, countsPosition: { $lte: exactAt } };
    await run(() => groups.updateOne(counted, { $set: { uncounted: false } }), writeMilliseconds);
  }

  return {
    checkpoint: reads.checkpoint,
    apply: (changes, checkpoint) =>
      inTurn(async () => {
        try {
          await apply(changes, checkpoint);
        } catch (error) {
          // Nobody knows how far it has come.
          forget();
          if (error instanceof LeaseLost) lease.giveUp();
          if (error instanceof ReadModelsCorrupt) await markForRebuild(connection, token);
          throw error;
        }
      }),
    storeReadCounts: (groupId, exactAt, ranges) => inTurn(() => storeReadCounts(groupId, exactAt, ranges)),
    groupSnapshot: reads.groupSnapshot,
    async groupEnds(groupIds) {
      const ends: GroupEnd[] = [];
      const projection = { version: 1, readsVersion: 1, lastSeq: 1 };
      for (const chunk of chunksOf(groupIds)) {
        const wanted = { _id: { $in: [...chunk] } };
        const found = await run(() => collections.groups.find(wanted, { ...readLimit, projection }).toArray());
        ends.push(
          ...found.map(({ _id, version, readsVersion, lastSeq }) => ({ groupId: _id, version, readsVersion, lastSeq })),
        );
      }
      return ends;
    },
    async groupsToCount(afterGroupId, limit) {
      if (limit < 1) return [];
      const wanted = { uncounted: true, _id: { $gt: afterGroupId ?? '' }, createdAt: { $ne: null } };
      const found = await run(() => collections.groups.find(wanted, readLimit).sort({ _id: 1 }).limit(limit).toArray());
      return found.map(({ _id }) => _id);
    },
    haltedGroups: reads.haltedGroups,
    async close() {
      await lease.release();
      await connection.close();
    },
  };
}

/** Those that are stored are exact at a later position. */
function ignoreDuplicate(error: unknown): void {
  if (!isDuplicate(error)) throw error;
}
