import { type Position, startOfLog } from '../../ports/event-log.ts';
import { LeaseLost, ReadModelsCorrupt } from '../../ports/read-models.ts';
import type { Checkpoint, ReadModelWriter, RowKeys, RowStore, StoredGroup } from '../../ports/row-store.ts';
import { stateAt, tooNew } from './commit-point.ts';
import { type Connection, writeMilliseconds } from './connection.ts';
import { type BatchWrite, chunksOf } from './document-writes.ts';
import type { BuildDocument, Versioned } from './documents.ts';
import { createGroupReads } from './group-reads.ts';
import { createOldNames } from './name-documents.ts';
import type { ProjectorLease } from './projector-lease.ts';
import { createReadCountsStore } from './read-counts-store.ts';
import { memberId, messageId, reactionId, toStoredGroup, toStoredMessage, toStoredRow } from './row-documents.ts';
import { claimGroups, isCommitted, slicesOf, writeGroups } from './write-groups.ts';

/** Of how many groups the writer remembers how far they are committed; past it, it looks again. */
const maximumKnownGroups = 300_000;

/**
 * Writes batches, one after the other, to one build.
 *
 * Fencing: every batch has a number, higher than that of any other, and the first write of a batch takes it, where the
 * build's document still says that this lease may write. Then the lease is asked about, by this process's own clock, before
 * every write. A holder that is paused after it has asked, and whose write is carried out when another has long begun,
 * changes nothing that anybody sees:
 *
 * - The successor's first write to the build's document leaves its token there: no batch and no checkpoint of the old
 *   holder comes through any more.
 * - Before it changes anything in a group, the successor claims the group's document with its batch number: no commit of
 *   the old holder comes through any more.
 * - A document that the successor has written keeps off a batch of a lower number. In one that it has not written, what
 *   the old holder writes is uncommitted: queries show the fields before, and they are those of the commit that the
 *   successor started from. The successor's own write replaces it from these fields, never from what was left behind.
 * - Marks' moments and mentions are facts of the log, the same whoever writes them.
 *
 * The same holds for writes of this process that it has given up waiting for. Of a build that is gone there is no document:
 * no batch begins, none is completed, and what is on its way lands in collections of that build alone.
 */
export function createWriter(connection: Connection, lease: ProjectorLease, start: BuildDocument): ReadModelWriter {
  const { collections, run, build } = connection;
  const { token } = lease;
  const reads = createGroupReads(connection);
  const oldNames = createOldNames();
  /** Up to where each group is committed, of those that are this holder's. */
  const committed = new Map<string, Position>();
  let { batch } = start;
  let checkpoint: Checkpoint = { position: start.position, event: start.event ?? undefined };
  /** The batch that was begun and has not come to its end. */
  let begun: BatchWrite | undefined;
  let busy: Promise<unknown> = Promise.resolve();

  /** One after the other: all of them change documents of groups. Where one throws, nobody knows how far it has come. */
  function inTurn<T>(write: () => Promise<T>): Promise<T> {
    const turn = busy.then(write).catch((error: unknown) => {
      committed.clear();
      begun = undefined;
      if (error instanceof LeaseLost) lease.giveUp();
      throw error;
    });
    busy = turn.catch(() => {});
    return turn;
  }

  async function changeBuild(
    mine: { batch: number | { $lt: number } },
    changes: Partial<BuildDocument>,
  ): Promise<void> {
    lease.requireHeld();
    const change = { $set: { ...changes, changedAt: new Date() } };
    const wanted = { _id: build, token, ...mine };
    const { matchedCount } = await run(() => collections.builds.updateOne(wanted, change), writeMilliseconds);
    if (matchedCount === 0) throw noLongerOurs();
  }

  const noLongerOurs = (): LeaseLost =>
    new LeaseLost(`build ${build} is gone, or written by a later lease than that of term ${token}`);

  /** Rows that are missing may be those of a build that was discarded, of which nothing is damaged. */
  async function requireOurs(): Promise<void> {
    const found = await run(() => collections.builds.findOne({ _id: build, token }), writeMilliseconds);
    if (found === null) throw noLongerOurs();
  }

  async function beginBatch(): Promise<BatchWrite> {
    if (begun !== undefined) return begun;
    // Taken, even where the answer is lost.
    batch += 1;
    await changeBuild({ batch: { $lt: batch } }, { batch });
    begun = { connection, batch, requireHeld: lease.requireHeld };
    return begun;
  }

  async function loadGroups(groupIds: readonly string[]): Promise<readonly StoredGroup[]> {
    const found = await claimGroups(await beginBatch(), groupIds);
    if (committed.size > maximumKnownGroups) committed.clear();
    for (const { groupId, appliedTo } of found) committed.set(groupId, appliedTo);
    const rows = found.filter(isCommitted).map(toStoredGroup);
    if (rows.length < groupIds.length) await requireOurs();
    return rows;
  }

  async function committedOf(groupIds: readonly string[]): Promise<ReadonlyMap<string, Position>> {
    const unknown = groupIds.filter((groupId) => !committed.has(groupId));
    for (const chunk of chunksOf(unknown)) {
      const wanted = { _id: { $in: [...chunk] }, groupId: { $in: [...chunk] } };
      const found = await run(() => collections.groups.find(wanted).toArray(), writeMilliseconds);
      for (const { groupId, appliedTo } of found) committed.set(groupId, appliedTo);
    }
    return committed;
  }

  /** Each as of its group: what an earlier batch has left behind uncommitted counts nothing. */
  async function loadRows(keys: readonly RowKeys[]): Promise<Awaited<ReturnType<ReadModelWriter['loadRows']>>> {
    const appliedTo = await committedOf(keys.map(({ groupId }) => groupId));
    // Of a group that was never committed, nothing is.
    const known = keys.filter(({ groupId }) => (appliedTo.get(groupId) ?? startOfLog) > startOfLog);
    async function load<Document extends Versioned<{ position: Position }> & { groupId: string; position: Position }>(
      find: (filter: object) => { toArray(): Promise<Document[]> },
      idsOf: (keys: RowKeys) => readonly string[],
    ): Promise<Document[]> {
      const wanted = known.flatMap((ofGroup) => idsOf(ofGroup).map((_id) => ({ _id, groupId: ofGroup.groupId })));
      const rows: Document[] = [];
      for (const chunk of chunksOf(wanted)) {
        const groupIds = [...new Set(chunk.map(({ groupId }) => groupId))];
        const filter = { _id: { $in: chunk.map(({ _id }) => _id) }, groupId: { $in: groupIds } };
        const found = await run(() => find(filter).toArray(), writeMilliseconds);
        for (const document of found) {
          const row = stateAt(document, appliedTo.get(document.groupId) ?? startOfLog);
          if (row === tooNew) throw new ReadModelsCorrupt(`document ${document._id} is two batches ahead of its group`);
          if (row !== undefined) rows.push(row);
        }
      }
      return rows;
    }
    const [members, messages, reactions, reactionCounts] = await Promise.all([
      load(
        (filter) => collections.memberships.find(filter),
        ({ groupId, userIds }) => userIds.map((userId) => memberId({ groupId, userId })),
      ),
      load(
        (filter) => collections.timeline.find(filter),
        ({ groupId, seqs }) => seqs.map((seq) => messageId({ groupId, seq })),
      ),
      load(
        (filter) => collections.reactions.find(filter),
        ({ groupId, reactions }) => reactions.map((one) => reactionId({ groupId, ...one })),
      ),
      load(
        (filter) => collections.reactionCounts.find(filter),
        ({ groupId, countedSeqs }) => countedSeqs.map((seq) => messageId({ groupId, seq })),
      ),
    ]);
    // Who asks for a message knows that it was there.
    if (messages.length < keys.reduce((sum, { seqs }) => sum + seqs.length, 0)) await requireOurs();
    return {
      members: members.map(toStoredRow),
      messages: messages.map(toStoredMessage),
      reactions: reactions.map(toStoredRow),
      reactionCounts: reactionCounts.map(toStoredRow),
    };
  }

  async function commit(groups: Parameters<ReadModelWriter['commit']>[0], upTo: Checkpoint): Promise<void> {
    const write = await beginBatch();
    const before = await committedOf(groups.map(({ group }) => group.after.groupId));
    for (const slice of slicesOf(groups)) {
      await writeGroups(write, slice, before);
      await oldNames.committed(write, slice);
    }
    for (const { group, upTo: reached } of groups) {
      const { groupId } = group.after;
      committed.set(groupId, Math.max(committed.get(groupId) ?? startOfLog, reached));
    }
    const reached = upTo.position < checkpoint.position ? checkpoint : upTo;
    await changeBuild({ batch: write.batch }, { position: reached.position, event: reached.event ?? null });
    checkpoint = reached;
    begun = undefined;
  }

  const store: Omit<RowStore, 'close'> = {
    checkpoint: async () => checkpoint,
    loadGroups: (groupIds) => inTurn(() => loadGroups(groupIds)),
    loadRows: (keys) => inTurn(() => loadRows(keys)),
    commit: (groups, upTo) => inTurn(() => commit(groups, upTo)),
    haltedGroups: reads.haltedGroups,
  };
  return {
    ...store,
    // What is on its way to a server holds up no thread.
    openForFilling: async () => ({ ...store, close: async () => {} }),
    ...createReadCountsStore(connection, reads, { token, requireHeld: lease.requireHeld, inTurn }),
    async close() {
      await lease.release();
      await connection.close();
    },
  };
}
