import { groupStream, importsStream, readsStream, type StreamName } from '../events/stream-name.ts';
import {
  type EventLog,
  noStream,
  type Position,
  type RecordedEvent,
  StreamDeleted,
  type Version,
} from '../ports/event-log.ts';
import type { HaltedGroup } from '../ports/read-models.ts';
import { type Applying, applyBatch, untilAvailable } from './apply-batch.ts';
import type { GroupEnds } from './group-ends.ts';
import { createEventBatch, type Poison } from './projection-batch.ts';

export interface Resuming extends Applying {
  readonly log: Pick<EventLog, 'readStream'>;
  /** The group goes on: told once that is in the rows. */
  readonly onResumed?: ((groupId: string) => void) | undefined;
  readonly onPoison?: ((poison: Poison) => void) | undefined;
}

/**
 * Tries the halted groups again, each from where it halted: this Highwater may read what an earlier one could not. What
 * the log holds of a group beyond its rows, up to the checkpoint, is applied in the log's order; where all of it can be, the
 * halt is taken back in the same commit, and otherwise it stays, or stands where it is met now. Resolves with the groups that
 * are still halted. Throws what the stores throw.
 */
export async function resumeGroups(resuming: Resuming, ends: GroupEnds): Promise<Set<string>> {
  const halts = await resuming.store.haltedGroups();
  const halted = new Set(halts.map(({ groupId }) => groupId));
  for (const halt of halts) {
    if (!(await resumeGroup(resuming, ends, halt).catch(deletedForGood))) continue;
    halted.delete(halt.groupId);
    resuming.onResumed?.(halt.groupId);
  }
  return halted;
}

/** There is nothing to try again. */
function deletedForGood(error: unknown): false {
  if (error instanceof StreamDeleted) return false;
  throw error;
}

/** True where the group goes on. */
async function resumeGroup(resuming: Resuming, ends: GroupEnds, halt: HaltedGroup): Promise<boolean> {
  const { log, store, onPoison } = resuming;
  const { groupId } = halt;
  const checkpoint = await untilAvailable(resuming, () => store.checkpoint());
  await ends.load([groupId]);
  const { version, readsVersion } = ends.of(groupId);
  const beyond: readonly [StreamName, Version][] = [
    [groupStream(groupId), version],
    [readsStream(groupId), readsVersion],
    [importsStream(groupId), noStream],
  ];
  const tail = merge(beyond.map(([streamName, after]) => readOn(log, streamName, after, checkpoint.position)));
  for (let isEnd = false; !isEnd; ) {
    const batch = createEventBatch();
    const haltedAgain = new Set<string>();
    while (!isEnd && !batch.isFull()) {
      const next = await tail.next();
      if (next.done) isEnd = true;
      else batch.add([next.value], ends, haltedAgain);
    }
    const projected = batch.projected();
    const [met] = projected.poison;
    const isNews = met !== undefined && (met.position !== halt.position || projected.entries.length > 0);
    // At the very event where it stands: nothing has changed.
    if (met !== undefined && !isNews) return false;
    const takenBack = { type: 'resumeGroup', groupId, position: checkpoint.position } as const;
    const last = isEnd && met === undefined ? [takenBack] : [];
    const found = await applyBatch(resuming, projected, checkpoint, last);
    for (const poison of found) onPoison?.(poison);
    if (found.length > 0) return false;
  }
  return true;
}

/** A stream after a version, as far as the position. */
async function* readOn(
  log: Resuming['log'],
  streamName: StreamName,
  after: Version,
  upTo: Position,
): AsyncGenerator<RecordedEvent, undefined> {
  const pageSize = 1_000;
  for (let from = after + 1; ; ) {
    const page = await log.readStream(streamName, from, pageSize);
    for (const recorded of page) {
      if (recorded.position > upTo) return undefined;
      yield recorded;
    }
    const last = page.at(-1);
    if (last === undefined || page.length < pageSize) return undefined;
    from = last.version + 1;
  }
}

/** By position. */
async function* merge(
  streams: readonly AsyncGenerator<RecordedEvent, undefined>[],
): AsyncGenerator<RecordedEvent, undefined> {
  const heads = await Promise.all(streams.map((stream) => stream.next()));
  for (;;) {
    let first: number | undefined;
    for (const [index, head] of heads.entries()) {
      const best = first === undefined ? undefined : heads[first];
      if (!head.done && (best === undefined || best.done || head.value.position < best.value.position)) first = index;
    }
    const head = first === undefined ? undefined : heads[first];
    const stream = first === undefined ? undefined : streams[first];
    if (first === undefined || stream === undefined || head === undefined || head.done) return undefined;
    yield head.value;
    heads[first] = await stream.next();
  }
}
