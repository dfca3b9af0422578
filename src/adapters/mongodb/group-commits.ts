import { noStream, type Position, startOfLog } from '../../ports/event-log.ts';
import { LeaseLost } from '../../ports/read-models.ts';
import { writeMilliseconds } from './connection.ts';
import { addDocuments, type BatchWrite, chunksOf } from './document-writes.ts';
import type { GroupDocument } from './documents.ts';
import type { ChangeOf } from './fold-changes.ts';

export type GroupChange = ChangeOf<
  'putGroup' | 'renameGroup' | 'setMemberCount' | 'advanceGroup' | 'haltGroup' | 'resumeGroup'
>;

/** The documents of groups: a batch claims them first and writes them last. */
export interface GroupCommits {
  /**
   * Makes these groups the batch's own, for the first time since the writer was opened or has failed, and reads them:
   * from then on no batch of a lower number commits anything to them.
   */
  claim(write: BatchWrite, groupIds: readonly string[]): Promise<void>;
  /** Everything of the group up to here is committed. */
  appliedTo(groupId: string): Position;
  lastSeq(groupId: string): number;
  /** As of all changes so far. */
  isHalted(groupId: string): boolean;
  change(change: GroupChange): void;
  /** A mark counted at this position. */
  counted(groupId: string, position: Position): void;
  /** Shows what the batch has changed in these groups, up to the given positions. Throws LeaseLost. */
  commit(write: BatchWrite, groups: ReadonlyMap<string, Position>): Promise<void>;
  forget(): void;
  size(): number;
}

const newGroup = (_id: string, batch: number): GroupDocument => ({
  ...{ _id, name: '', createdAt: null, memberCount: 0, lastSeq: 0, lastMessageAt: null, version: noStream },
  ...{ readsVersion: noStream, activityPosition: startOfLog, countsPosition: startOfLog, uncounted: false },
  ...{ position: startOfLog, appliedTo: startOfLog, haltedAt: null, haltReason: null, batch },
});

export function createGroupCommits(): GroupCommits {
  const entries = new Map<string, GroupDocument>();

  function find(groupId: string): GroupDocument {
    const entry = entries.get(groupId);
    if (entry === undefined) throw new Error(`group ${groupId} was not claimed`);
    return entry;
  }

  async function claimChunk(write: BatchWrite, groupIds: readonly string[]): Promise<void> {
    const { connection, batch, requireHeld } = write;
    const { groups } = connection.collections;
    const ids = { $in: [...groupIds] };
    const options = { projection: { _id: 1 } };
    const known = await connection.run(() => groups.find({ _id: ids }, options).toArray(), writeMilliseconds);
    const there = new Set(known.map(({ _id }) => _id));
    const missing = groupIds.filter((groupId) => !there.has(groupId));
    await addDocuments(
      write,
      groups,
      missing.map((groupId) => newGroup(groupId, batch)),
    );
    requireHeld();
    const claimed = { _id: ids, batch: { $lt: batch } };
    await connection.run(() => groups.updateMany(claimed, { $set: { batch } }), writeMilliseconds);
    const found = await connection.run(() => groups.find({ _id: ids }).toArray(), writeMilliseconds);
    for (const group of found) {
      if (group.batch !== batch) throw new LeaseLost(`group ${group._id} is written by a later holder of the lease`);
      // What is to be counted stays so in the document, until it is counted.
      entries.set(group._id, { ...group, uncounted: false });
    }
  }

  return {
    async claim(write, groupIds) {
      const unknown = groupIds.filter((groupId) => !entries.has(groupId));
      for (const chunk of chunksOf(unknown)) await claimChunk(write, chunk);
    },
    appliedTo: (groupId) => find(groupId).appliedTo,
    lastSeq: (groupId) => find(groupId).lastSeq,
    isHalted: (groupId) => find(groupId).haltedAt !== null,
    change(change) {
      entries.set(change.groupId, groupAfter(find(change.groupId), change));
    },
    counted(groupId, position) {
      const group = find(groupId);
      const countsPosition = Math.max(group.countsPosition, position);
      entries.set(groupId, { ...group, countsPosition, uncounted: true });
    },
    async commit({ connection, batch, requireHeld }, committed) {
      for (const chunk of chunksOf([...committed], connection.updatesPerCommand())) {
        const operations = chunk.map(([groupId, appliedTo]) => {
          const { _id, uncounted, ...fields } = { ...find(groupId), appliedTo, batch };
          // What counting has cleared meanwhile is set again only by what it did not know of.
          const $set = uncounted ? { ...fields, uncounted } : fields;
          entries.set(groupId, { ...fields, _id, uncounted: false });
          return { updateOne: { filter: { _id, batch: { $lte: batch } }, update: { $set } } };
        });
        requireHeld();
        const { groups } = connection.collections;
        const { matchedCount } = await connection.run(
          () => groups.bulkWrite(operations, { ordered: false }),
          writeMilliseconds,
        );
        if (matchedCount < chunk.length) throw new LeaseLost('a later holder of the lease writes these groups');
      }
    },
    forget: () => entries.clear(),
    size: () => entries.size,
  };
}

/** Name and member count go by position, everything else but halts by maximum. */
function groupAfter(group: GroupDocument, change: GroupChange): GroupDocument {
  if (change.type === 'advanceGroup') return advanced(group, change);
  const { position } = change;
  if (change.type === 'haltGroup') {
    const isLater = group.haltedAt === null || position > group.haltedAt;
    return isLater ? { ...group, haltedAt: position, haltReason: change.reason } : group;
  }
  if (change.type === 'resumeGroup') {
    const isTakenBack = group.haltedAt !== null && group.haltedAt <= position;
    return isTakenBack ? { ...group, haltedAt: null, haltReason: null } : group;
  }
  if (position <= group.position) return group;
  if (change.type === 'setMemberCount') return { ...group, memberCount: change.memberCount, position };
  if (change.type === 'renameGroup') return { ...group, name: change.name, position };
  const activityPosition = Math.max(group.activityPosition, position);
  return { ...group, name: change.name, createdAt: change.createdAt, activityPosition, position };
}

function advanced(group: GroupDocument, change: ChangeOf<'advanceGroup'>): GroupDocument {
  const { version = noStream, readsVersion = noStream, lastSeq, lastMessageAt, position } = change;
  const isLater = lastMessageAt !== undefined && (group.lastMessageAt === null || lastMessageAt > group.lastMessageAt);
  return {
    ...group,
    version: Math.max(group.version, version),
    readsVersion: Math.max(group.readsVersion, readsVersion),
    lastSeq: Math.max(group.lastSeq, lastSeq ?? 0),
    activityPosition: lastSeq === undefined ? group.activityPosition : Math.max(group.activityPosition, position),
    lastMessageAt: isLater ? lastMessageAt : group.lastMessageAt,
  };
}
