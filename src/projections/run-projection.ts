import type { EventLog, Position } from '../ports/event-log.ts';
import type { Checkpoint, ReadModelWriter, RowStore } from '../ports/row-store.ts';
import { type AppliedBatch, createApplyingAhead } from './apply-ahead.ts';
import { ApplyingStopped, pause, untilAvailable } from './apply-batch.ts';
import { type LogToLookInto, requireCheckpointInLog } from './checkpoint-in-log.ts';
import { createGroupEnds } from './group-ends.ts';
import { requireCheckpointInRows, requireNotLost } from './lost-rows.ts';
import { createProjectedRows } from './projected-rows.ts';
import {
  createEventBatch,
  groupsOf,
  type Poison,
  type ProjectedBatch,
  type ProjectedEntry,
} from './projection-batch.ts';
import { type Resuming, resumeGroups } from './resume-groups.ts';
import { createStoredReadCounts, type StoredReadCountsOptions } from './store-read-counts.ts';

export interface ProjectionOptions extends StoredReadCountsOptions {
  readonly writer: ReadModelWriter;
  readonly log: Pick<EventLog, 'subscribe'> & LogToLookInto;
  readonly signal: AbortSignal;
  /**
   * Nobody is served from the rows, of which many are to be written: one batch is committed while the next one is read and
   * folded.
   */
  readonly filling?: boolean | undefined;
  /** How much of the log is applied together while catching up. Another bound than the usual only in tests. */
  readonly bytesPerBatch?: number | undefined;
  /** Ends once it has reached what is then the end of the log; read counts are not stored. */
  readonly once?: boolean | undefined;
  /**
   * Live, at least so many milliseconds pass from one batch to the next: under load fewer, larger transactions, for rows
   * that are as much older. None by default. An event that comes alone waits for nothing.
   */
  readonly liveIntervalMilliseconds?: number | undefined;
  /** Everything up to here is in the rows. Called first with where the projection starts. */
  readonly onCheckpoint?: ((checkpoint: Position, caughtUp: boolean) => void) | undefined;
  /** Called once for a group, when its halt is in the rows. */
  readonly onPoison?: ((poison: Poison) => void) | undefined;
  /** Called for a group that was halted and goes on, when that is in the rows. */
  readonly onResumed?: Resuming['onResumed'];
}

/**
 * Follows the log from the read models' checkpoint and applies what each event changes, until `signal` aborts. Changes
 * and checkpoint are applied together, or may be applied again. An event that cannot be decoded, projected or applied,
 * whatever the reason, halts its group, and no other; groups that are halted are tried again first. Once it runs, what is
 * unavailable is tried again for as long as it takes, each time told to `onFault`. Rejects with ReadModelsCorrupt,
 * CheckpointNotInLog, LeaseLost, and with whatever is a defect of no group; at the start also with what the stores throw
 * when they cannot be used.
 */
export async function runProjection(options: ProjectionOptions): Promise<void> {
  try {
    await project(options);
  } catch (error) {
    if (!(error instanceof ApplyingStopped)) throw error;
  }
}

async function project(options: ProjectionOptions): Promise<void> {
  const { log, writer, filling = false } = options;
  await requireCheckpointInLog(log, await writer.checkpoint());
  const store = filling ? await writer.openForFilling() : writer;
  try {
    await projectInto(store, options);
  } finally {
    if (store !== writer) await store.close();
  }
}

async function projectInto(store: RowStore, options: ProjectionOptions): Promise<void> {
  const { log, signal, filling = false, bytesPerBatch, once = false, onCheckpoint, onPoison } = options;
  const rows = createProjectedRows(store);
  await requireCheckpointInRows(rows, await store.checkpoint());
  const ends = createGroupEnds(rows);
  const applying = { ...options, store, rows };
  const halted = await resumeGroups(applying, ends);
  const { position: start } = await store.checkpoint();
  const ahead = createApplyingAhead(applying);
  const failure = new AbortController();
  const counts = createStoredReadCounts(options, (error) => failure.abort(error));
  let batch = createEventBatch(bytesPerBatch);
  onCheckpoint?.(start, false);

  async function begin(projected: ProjectedBatch, checkpoint: Checkpoint): Promise<readonly AppliedBatch[]> {
    for (const poison of projected.poison) await requireNotLost(log, poison, start);
    return ahead.begin(projected, checkpoint);
  }

  async function applied({ batch: { entries }, checkpoint, poison }: AppliedBatch, caughtUp: boolean): Promise<void> {
    for (const one of poison) {
      halted.add(one.groupId);
      onPoison?.(one);
    }
    if (counts.isBegun()) {
      const counted = countedGroups(entries);
      counts.changed(await untilAvailable(applying, () => rows.groups(counted)));
    }
    onCheckpoint?.(checkpoint.position, caughtUp);
  }

  try {
    for await (const { events, caughtUp } of log.subscribe(start, AbortSignal.any([signal, failure.signal]))) {
      await untilAvailable(applying, () => ends.load(groupsOf(events)));
      batch.add(events, ends, halted);
      const due = caughtUp || batch.isFull() ? batch.checkpoint : undefined;
      const begun = due === undefined ? [] : await begin(batch.projected(), due);
      const ended = caughtUp || !filling ? await ahead.end() : [];
      const all = [...begun, ...ended];
      for (const [index, one] of all.entries()) await applied(one, caughtUp && index === all.length - 1);
      if (due !== undefined) batch = createEventBatch(bytesPerBatch);
      if (!caughtUp) continue;
      if (once) break;
      counts.begin();
      if (due !== undefined) await pause(options, options.liveIntervalMilliseconds ?? 0);
    }
  } finally {
    await counts.stop();
    await rows.end().catch(() => {});
  }
  if (failure.signal.aborted) throw failure.signal.reason;
}

/** Groups in which readers may have been added or messages. */
function countedGroups(entries: readonly ProjectedEntry[]): ReadonlySet<string> {
  const groupIds = new Set<string>();
  for (const { groupId, changes } of entries) {
    if (!groupIds.has(groupId) && changes.some(({ type }) => type === 'advanceMark')) groupIds.add(groupId);
  }
  return groupIds;
}
