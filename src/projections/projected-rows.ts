import type { Checkpoint, LoadedRows, RowKeys, RowStore, StoredGroup } from '../ports/row-store.ts';
import type { Change } from './changes.ts';
import { createGroupBatch, type GroupBatch, type KnownGroup } from './group-batch.ts';
import { unknownGroup } from './rows/group.ts';
import { createRowsUnderWay, type RowsUnderWay } from './rows-under-way.ts';

/** The rows of the read models, changed as projections say. */
export interface ProjectedRows {
  /**
   * Applies the changes in order, and the checkpoint with or after them. Where it throws, it may be called again with the
   * same changes, or with more. One call at a time. Throws what the store throws, and what a change makes the store choke on.
   */
  apply(changes: readonly Change[], checkpoint: Checkpoint): Promise<void>;
  /**
   * The same, but that it resolves once the commit is under way, and the one before has come to its end. Where it throws,
   * what was begun before may not be in the rows either: both are to be applied again.
   */
  begin(changes: readonly Change[], checkpoint: Checkpoint): Promise<void>;
  /** Waits for the commit that is under way. Where it throws, what was begun is to be applied again. */
  end(): Promise<void>;
  /** The rows of these groups as of everything applied, of those that have any. */
  groups(groupIds: Iterable<string>): Promise<readonly StoredGroup[]>;
}

/** Groups and members held in memory between batches; past it, all are let go. */
const maximumKnownRows = 300_000;

/**
 * Loads the rows that a batch is about, folds its changes in memory, and commits each row once. Groups and members are
 * known from one batch to the next, since most events are marks of the same people; everything else is loaded anew.
 */
export function createProjectedRows(
  store: RowStore,
  /** Another than the usual only in tests. */
  maximumRows: number = maximumKnownRows,
): ProjectedRows {
  const known = new Map<string, KnownGroup>();
  let knownRows = 0;
  let underWay: { readonly rows: RowsUnderWay; readonly committed: Promise<void> } | undefined;

  /** Nobody knows how far what was begun has come: the store alone does, once nothing is under way. */
  async function forget(): Promise<void> {
    await underWay?.committed.catch(() => {});
    underWay = undefined;
    known.clear();
    knownRows = 0;
  }

  async function load(groupIds: Iterable<string>): Promise<void> {
    const unknown = [...groupIds].filter((groupId) => !known.has(groupId));
    if (unknown.length === 0) return;
    const found = new Map((await store.loadGroups(unknown)).map((row) => [row.groupId, row]));
    for (const groupId of unknown) {
      const row = found.get(groupId);
      known.set(groupId, { row: { before: row, after: row ?? unknownGroup(groupId) }, members: new Map() });
    }
    knownRows += unknown.length;
  }

  /** What is under way is taken from there, whether the store has it yet or not. */
  async function loadRows(wanted: readonly RowKeys[]): Promise<LoadedRows> {
    const rows = underWay?.rows;
    if (rows === undefined) return store.loadRows(wanted);
    const parts = wanted.map(rows.find);
    const others = parts.map((part) => part.others).filter(isAnyWanted);
    const loaded = others.length === 0 ? noRows : await store.loadRows(others);
    const all = [...parts.map(({ found }) => found), loaded];
    return {
      members: loaded.members,
      messages: all.flatMap(({ messages }) => messages),
      reactions: all.flatMap(({ reactions }) => reactions),
      reactionCounts: all.flatMap(({ reactionCounts }) => reactionCounts),
    };
  }

  async function loadMissing(batches: readonly GroupBatch[]): Promise<void> {
    const wanted = batches.flatMap((batch) => {
      const keys = batch.missing();
      return keys === undefined ? [] : [{ batch, keys }];
    });
    if (wanted.length === 0) return;
    const { members, messages, reactions, reactionCounts } = await loadRows(wanted.map(({ keys }) => keys));
    const byGroup = {
      members: Map.groupBy(members, groupOf),
      messages: Map.groupBy(messages, groupOf),
      reactions: Map.groupBy(reactions, groupOf),
      reactionCounts: Map.groupBy(reactionCounts, groupOf),
    };
    for (const { batch, keys } of wanted) {
      knownRows += keys.userIds.length;
      batch.take({
        members: byGroup.members.get(keys.groupId) ?? [],
        messages: byGroup.messages.get(keys.groupId) ?? [],
        reactions: byGroup.reactions.get(keys.groupId) ?? [],
        reactionCounts: byGroup.reactionCounts.get(keys.groupId) ?? [],
      });
    }
  }

  async function begin(changes: readonly Change[], checkpoint: Checkpoint): Promise<void> {
    const byGroup = Map.groupBy(changes, groupOf);
    await load(byGroup.keys());
    const batches: GroupBatch[] = [];
    for (const [groupId, ofGroup] of byGroup) {
      const group = known.get(groupId);
      if (group === undefined) throw new Error(`group ${groupId} was not loaded`);
      batches.push(createGroupBatch(group, ofGroup));
    }
    await loadMissing(batches);
    for (const batch of batches) batch.fold();
    const changed = batches.flatMap((batch) => batch.changed(checkpoint.position) ?? []);
    await underWay?.committed;
    const committed = store.commit(changed, checkpoint);
    // Whoever begins or ends next hears of it.
    committed.catch(() => {});
    underWay = { committed, rows: createRowsUnderWay(changed) };
    for (const batch of batches) batch.isUnderWay();
  }

  async function end(): Promise<void> {
    await underWay?.committed;
    underWay = undefined;
    if (knownRows > maximumRows) await forget();
  }

  async function orForget(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      await forget();
      throw error;
    }
  }

  return {
    apply: (changes, checkpoint) => orForget(() => begin(changes, checkpoint).then(end)),
    begin: (changes, checkpoint) =>
      orForget(async () => {
        if (knownRows > maximumRows) await end();
        await begin(changes, checkpoint);
      }),
    end: () => orForget(end),
    async groups(groupIds) {
      const wanted = [...groupIds];
      await load(wanted);
      return wanted.flatMap((groupId) => known.get(groupId)?.row.before ?? []);
    },
  };
}

const noRows: LoadedRows = { members: [], messages: [], reactions: [], reactionCounts: [] };

const groupOf = ({ groupId }: { readonly groupId: string }): string => groupId;

const isAnyWanted = ({ userIds, seqs, reactions, countedSeqs }: RowKeys): boolean =>
  userIds.length + seqs.length + reactions.length + countedSeqs.length > 0;
