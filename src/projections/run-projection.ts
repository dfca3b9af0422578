import { UndecodableEvent } from '../events/codec.ts';
import { decodeRecorded } from '../events/decode-recorded.ts';
import { parseStreamName } from '../events/stream-name.ts';
import type { Change } from '../ports/changes.ts';
import type { EventLog, Position, RecordedEvent } from '../ports/event-log.ts';
import { type HaltedGroup, ReadModelsUnavailable } from '../ports/read-models.ts';
import { requireCheckpointInLog } from './checkpoint-ahead.ts';
import { type AdvanceGroup, mergeAdvances } from './coalesce-changes.ts';
import { projectEvent } from './project-event.ts';
import { createStoredReadCounts, type StoredReadCountsOptions, systemClock } from './store-read-counts.ts';

/** A group's first event that cannot be read. Nothing of the group is projected from there on, also after a restart. */
export interface Poison extends HaltedGroup {
  readonly streamName: string;
  readonly version: number;
}

export interface ProjectionOptions extends StoredReadCountsOptions {
  readonly log: Pick<EventLog, 'subscribe' | 'endPosition'>;
  readonly signal: AbortSignal;
  /**
   * Live, at least so many milliseconds pass from one batch to the next: under load fewer, larger transactions, for rows
   * that are as much older. None by default. An event that comes alone waits for nothing.
   */
  readonly liveIntervalMilliseconds?: number | undefined;
  /** Everything up to here is in the rows. Called first with where the projection starts. */
  readonly onCheckpoint?: ((checkpoint: Position, caughtUp: boolean) => void) | undefined;
  /** Called once for a group, when its halt is in the rows. */
  readonly onPoison?: ((poison: Poison) => void) | undefined;
}

/** While catching up, a transaction holds so many events, or so many characters of them. Live, it holds what came together. */
const eventsPerBatch = 65_536;
const charactersPerBatch = 32 * 1024 * 1024;
const retryMilliseconds = 1_000;

/**
 * Follows the log from the read models' checkpoint and applies what each event changes, until `signal` aborts. Changes
 * and checkpoint are applied together, or may be applied again. An event that cannot be decoded halts its group, and no
 * other. Once it runs, what is unavailable is tried again for as long as it takes, each time told to `onFault`. Rejects
 * with ReadModelsCorrupt, CheckpointAheadOfLog, LeaseLost, and with whatever is a defect; at the start also with what the
 * stores throw when they cannot be used.
 */
export async function runProjection(options: ProjectionOptions): Promise<void> {
  const { log, writer, signal, onCheckpoint, onPoison } = options;
  await requireCheckpointInLog(log, writer);
  const halted = new Set((await writer.haltedGroups()).map(({ groupId }) => groupId));
  const start = await writer.checkpoint();
  const failure = new AbortController();
  const counts = createStoredReadCounts(options, (error) => failure.abort(error));
  let batch = createBatch(halted);
  onCheckpoint?.(start, false);
  try {
    for await (const { events, caughtUp } of log.subscribe(start, AbortSignal.any([signal, failure.signal]))) {
      for (const recorded of events) batch.add(recorded);
      if (batch.checkpoint !== undefined && (caughtUp || batch.isFull())) {
        if (!(await applyInTheEnd(options, batch.changes(), batch.checkpoint))) return;
        for (const poison of batch.poison) onPoison?.(poison);
        for (const groupId of batch.countedGroups) counts.changed(groupId);
        onCheckpoint?.(batch.checkpoint, caughtUp);
        batch = createBatch(halted);
        if (!caughtUp) continue;
        counts.begin();
        await pause(options, options.liveIntervalMilliseconds ?? 0);
      } else if (caughtUp) counts.begin();
    }
  } finally {
    await counts.stop();
  }
  if (failure.signal.aborted) throw failure.signal.reason;
}

/** What is applied together. */
interface Batch {
  /** In the order of the log, but for the advances of groups: one a group, last, as within one event. */
  changes(): readonly Change[];
  readonly poison: readonly Poison[];
  /** Groups in which readers may have been added or messages. */
  readonly countedGroups: ReadonlySet<string>;
  readonly checkpoint: Position | undefined;
  add(recorded: RecordedEvent): void;
  isFull(): boolean;
}

function createBatch(halted: Set<string>): Batch {
  const changes: Change[] = [];
  const advances = new Map<string, AdvanceGroup>();
  const poison: Poison[] = [];
  const countedGroups = new Set<string>();
  let checkpoint: Position | undefined;
  let events = 0;
  let characters = 0;

  function project(recorded: RecordedEvent): void {
    const { streamName, version, position } = recorded;
    const stream = parseStreamName(streamName);
    if (stream === undefined || halted.has(stream.groupId)) return;
    const { groupId } = stream;
    try {
      const { event, metadata } = decodeRecorded(recorded);
      for (const change of projectEvent({ event, metadata, groupId, version, position })) {
        if (change.type === 'advanceGroup') {
          const earlier = advances.get(groupId);
          advances.set(groupId, earlier === undefined ? change : mergeAdvances(earlier, change));
          continue;
        }
        changes.push(change);
        if (change.type === 'advanceMark') countedGroups.add(groupId);
      }
    } catch (error) {
      if (!(error instanceof UndecodableEvent)) throw error;
      halted.add(groupId);
      const reason = error.message;
      poison.push({ groupId, position, reason, streamName, version });
      changes.push({ type: 'haltGroup', groupId, position, reason: `${streamName}, version ${version}: ${reason}` });
    }
  }

  return {
    changes: () => [...changes, ...advances.values()],
    poison,
    countedGroups,
    get checkpoint() {
      return checkpoint;
    },
    add(recorded) {
      project(recorded);
      checkpoint = recorded.position;
      events += 1;
      characters += recorded.data.length + recorded.metadata.length;
    },
    isFull: () => events >= eventsPerBatch || characters >= charactersPerBatch,
  };
}

/** False when `signal` has aborted before it was possible. */
async function applyInTheEnd(
  { writer, signal, onFault, clock = systemClock }: ProjectionOptions,
  changes: readonly Change[],
  checkpoint: Position,
): Promise<boolean> {
  while (!signal.aborted) {
    try {
      await writer.apply(changes, checkpoint);
      return true;
    } catch (error) {
      if (!(error instanceof ReadModelsUnavailable)) throw error;
      onFault?.(error);
    }
    await pause({ signal, clock }, retryMilliseconds);
  }
  return false;
}

/** Ends early when `signal` aborts. */
async function pause(
  { signal, clock = systemClock }: Pick<ProjectionOptions, 'signal' | 'clock'>,
  milliseconds: number,
): Promise<void> {
  if (milliseconds === 0 || signal.aborted) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const cancel = clock.after(milliseconds, resolve);
  const end = () => resolve();
  signal.addEventListener('abort', end, { once: true });
  await promise;
  signal.removeEventListener('abort', end);
  cancel();
}
