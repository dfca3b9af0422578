import type { HighwaterEvent } from '../events/event.ts';
import type { StreamName } from '../events/stream-name.ts';
import { type EventLog, LogUnavailable, maximumAppendBytes, type Position, type Version } from '../ports/event-log.ts';
import { createCommandQueues, defaultWaitingBounds, type WaitingBounds } from './command-queues.ts';
import { type Decided, decideTogether } from './decide-together.ts';
import type { CommandEnvelope, Decider } from './decider.ts';
import { type Handled, type Pending, settle } from './pending-command.ts';
import type { Loaded, WarmStreams } from './warm-state.ts';

export interface CommandHandling<State, Command, Event, Context> {
  readonly log: EventLog;
  readonly decider: Decider<State, Command, Event, Context>;
  readonly streams: WarmStreams<State>;
  readonly streamName: (id: string) => StreamName;
  /**
   * Reads what the decisions on these commands look at besides the stream itself, and says on which state they are to be
   * made. Runs again after a conflict.
   */
  readonly prepare: (id: string, commands: readonly Command[]) => Promise<Prepared<State, Context>>;
  readonly waiting?: WaitingBounds | undefined;
}

export interface Prepared<State, Context> {
  readonly context: Context;
  readonly warm: Loaded<State>;
}

/** At most this many commands are decided together. */
const maximumBatch = 1_000;

/** So many conflicts in a row with nothing stored end a batch: more than processes that share a hot group ever meet. */
const maximumConflicts = 100;

/**
 * The one loop of every command: fold, decide, append at the expected version, on a conflict read on and decide again.
 *
 * It commits in groups. Commands that arrive for a stream while an append is under way are decided together, each on
 * the state that the one before it left, and appended together: a hot group costs one append for many messages, and
 * under contention between processes the batches grow instead of the retries. A command is answered only after its
 * events are durable, and commands of one stream are decided in the order in which they were handed in.
 *
 * What appends nothing, a refusal or a repetition, is answered only on a state that was the newest: an append of the same
 * batch at the expected version proves that, and otherwise a look at the log's end.
 *
 * Where more waits than there is room for, a command is refused as `too-busy` and nothing of it is stored.
 *
 * The promise rejects with LogUnavailable (nothing more was stored), with AppendUnknown, or with a ZodError where the
 * command carries what no event may hold. Handing in the same command again settles it: its ids are the same.
 */
export function createCommandHandler<State, Command extends CommandEnvelope, Event extends HighwaterEvent, Context>(
  handling: CommandHandling<State, Command, Event, Context>,
): (id: string, command: Command) => Promise<Handled<State, Event, Context>> {
  const queues = createCommandQueues<Pending<State, Command, Event, Context>>(handling.waiting ?? defaultWaitingBounds);

  return (id, command) =>
    new Promise((resolve, reject) => {
      const outcome = { refused: undefined, repeated: undefined, unwritable: undefined, isSuperseded: false };
      const isFirst = !queues.has(id);
      if (!queues.put(id, { command, appended: [], appendedAt: undefined, ...outcome, resolve, reject })) {
        resolve({ refused: { kind: 'too-busy' } });
      } else if (isFirst) void drain(id);
    });

  /** Never rejects: whatever fails is the answer to those whom it concerns. */
  async function drain(id: string): Promise<void> {
    // One turn of the event loop, so that commands which arrive together are committed together from the first on.
    await new Promise(setImmediate);
    for (;;) {
      const batch = queues.take(id, maximumBatch);
      if (batch.length === 0) break;
      const release = handling.streams.hold(id);
      try {
        await commit(handling, id, batch);
      } catch (error) {
        handling.streams.forget(id);
        for (const { reject } of batch) reject(error);
      } finally {
        release();
        queues.done(id, batch);
      }
    }
    queues.end(id);
  }
}

async function commit<State, Command extends CommandEnvelope, Event extends HighwaterEvent, Context>(
  handling: CommandHandling<State, Command, Event, Context>,
  id: string,
  batch: readonly Pending<State, Command, Event, Context>[],
): Promise<void> {
  const { streams } = handling;
  const streamName = handling.streamName(id);
  let undecided = batch;
  let isNewest = false;
  for (let conflicts = 0; undecided.length > 0; ) {
    const { context, warm } = await handling.prepare(
      id,
      undecided.map(({ command }) => command),
    );
    const decided = decideTogether(handling.decider, streamName, undecided, warm.state, context);
    if (decided.length === 0 && !isNewest) {
      isNewest = true;
      const { load, version } = await streams.newest(id);
      if (load !== warm.load || version !== warm.version) continue;
    }
    const { stored, reached, conflict, fault } = await appendInOrder(handling, id, warm, decided);
    const settled = countSettled(undecided, decided, stored);
    for (const pending of undecided.slice(0, settled)) settle(pending, reached, context);
    if (fault !== undefined) throw fault.error;
    undecided = undecided.slice(settled);
    if (conflict === undefined) continue;
    conflicts = stored > 0 ? 1 : conflicts + 1;
    if (conflicts > maximumConflicts) throw new LogUnavailable(`${streamName} changed as often as it was decided on`);
    // A stream that is shorter than it was is another log's, restored beneath this process.
    if (conflict.actualVersion < reached.version) streams.forget(id);
    await streams.newest(id);
  }
}

interface Appended<State> {
  /** How many of the decided events are stored. */
  readonly stored: number;
  /** The state with them folded. */
  readonly reached: Loaded<State>;
  /** Another was faster, at what comes next. */
  readonly conflict?: { readonly actualVersion: Version };
  readonly fault?: { readonly error: unknown };
}

/** Appends until all is stored, a conflict says that another was faster, or a fault ends it. */
async function appendInOrder<State, Command extends CommandEnvelope, Event extends HighwaterEvent, Context>(
  { log, streams, streamName }: CommandHandling<State, Command, Event, Context>,
  id: string,
  decidedOn: Loaded<State>,
  decided: readonly Decided<State, Command, Event, Context>[],
): Promise<Appended<State>> {
  let expectedVersion = decidedOn.version;
  let reached = decidedOn;
  let stored = 0;
  for (const append of splitByBytes(decided)) {
    const encoded = append.map((one) => one.encoded);
    try {
      const result = await log.append(streamName(id), expectedVersion, encoded);
      if (result.kind === 'conflict') return { stored, reached, conflict: result };
      recordAppended(append, expectedVersion, result.position);
      reached = streams.advance(id, reached, expectedVersion, append, result.position);
      expectedVersion += append.length;
      stored += append.length;
    } catch (error) {
      return { stored, reached, fault: { error } };
    }
  }
  return { stored, reached };
}

/**
 * What was decided after the first event that is not stored was decided on a state that never came to be. So was what
 * leaves its word to a later event, unless all of them are stored.
 */
function countSettled<State, Command, Event, Context>(
  undecided: readonly Pending<State, Command, Event, Context>[],
  decided: readonly Decided<State, Command, Event, Context>[],
  stored: number,
): number {
  const firstLost = decided[stored];
  if (firstLost === undefined) return undecided.length;
  return undecided.findIndex((pending) => pending === firstLost.pending || pending.isSuperseded);
}

/** Room for the ids and the framing that a store adds to an event's own text. */
const bytesBesidesText = 200;

/** Appends in the decided order, each under the stores' limit. Nearly always there is one. */
function splitByBytes<State, Command, Event, Context>(
  decided: readonly Decided<State, Command, Event, Context>[],
): readonly (readonly Decided<State, Command, Event, Context>[])[] {
  const appends: Decided<State, Command, Event, Context>[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const one of decided) {
    const more = 3 * one.encoded.data.length + 3 * one.encoded.metadata.length + bytesBesidesText;
    if (bytes + more > maximumAppendBytes) {
      appends.push([one]);
      bytes = more;
    } else {
      appends.at(-1)?.push(one);
      bytes += more;
    }
  }
  return appends;
}

/** Within an append, versions follow each other. */
function recordAppended<State, Command, Event, Context>(
  append: readonly Decided<State, Command, Event, Context>[],
  expectedVersion: Version,
  position: Position,
): void {
  append.forEach(({ event, metadata: { at }, pending }, index) => {
    pending.appended.push({ event, version: expectedVersion + 1 + index, at });
    pending.appendedAt = position;
  });
}
