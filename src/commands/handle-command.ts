import { type EncodedEvent, encodeEvent } from '../events/codec.ts';
import type { HighwaterEvent } from '../events/event.ts';
import { deriveId } from '../events/event-id.ts';
import type { StreamName } from '../events/stream-name.ts';
import { type EventLog, maximumAppendBytes, type Position, type Version } from '../ports/event-log.ts';
import type { CommandEnvelope, Decider } from './decider.ts';
import { isRefused, type Refusal } from './refusal.ts';
import type { Warm, WarmStreams } from './warm-streams.ts';

/** An event of a command at its place in its stream. */
export interface AppendedEvent<Event> {
  readonly event: Event;
  readonly version: Version;
}

export type Handled<State, Event> =
  | { readonly refused: Refusal }
  | {
      /** What the command appended: nothing when there was nothing to do, or when a later mark in the batch says it all. */
      readonly events: readonly AppendedEvent<Event>[];
      /** The stream's state once the command's batch was durable. */
      readonly state: State;
      readonly version: Version;
      /** Wait for this position to read one's own write. */
      readonly position: Position;
    };

interface Pending<State, Command, Event> {
  readonly command: Command;
  readonly appended: AppendedEvent<Event>[];
  /** How the command was last decided; final once nothing that it was decided with has to be decided again. */
  refused: Refusal | undefined;
  readonly resolve: (handled: Handled<State, Event>) => void;
  readonly reject: (error: unknown) => void;
}

/** An event of a batch with the command that it answers. */
interface Decided<State, Command, Event> {
  readonly event: Event;
  readonly encoded: EncodedEvent;
  readonly pending: Pending<State, Command, Event>;
}

export interface CommandHandling<State, Command, Event, Context> {
  readonly log: EventLog;
  readonly decider: Decider<State, Command, Event, Context>;
  readonly streams: WarmStreams<State>;
  readonly streamName: (id: string) => StreamName;
  /** Reads what the decisions on these commands look at besides the stream itself. Runs again after a conflict. */
  readonly prepare: (id: string, commands: readonly Command[]) => Promise<Context>;
}

/** At most this many commands are decided together. */
const maximumBatch = 1_000;

/**
 * The one loop of every command: fold, decide, append at the expected version, on a conflict read on and decide again.
 *
 * It commits in groups. Commands that arrive for a stream while an append is under way are decided together, each on
 * the state that the one before it left, and appended together: a hot group costs one append for many messages, and
 * under contention between processes the batches grow instead of the retries. A command is answered only after its
 * events are durable, and commands of one stream are decided in the order in which they were handed in.
 *
 * The promise rejects with LogUnavailable (nothing was stored) or AppendUnknown (handing in the same command again settles
 * it: its ids are the same).
 */
export function createCommandHandler<State, Command extends CommandEnvelope, Event extends HighwaterEvent, Context>(
  handling: CommandHandling<State, Command, Event, Context>,
): (id: string, command: Command) => Promise<Handled<State, Event>> {
  const queues = new Map<string, Pending<State, Command, Event>[]>();

  return (id, command) =>
    new Promise((resolve, reject) => {
      const pending = { command, appended: [], refused: undefined, resolve, reject };
      const queue = queues.get(id);
      if (queue !== undefined) {
        queue.push(pending);
        return;
      }
      queues.set(id, [pending]);
      void drain(id);
    });

  async function drain(id: string): Promise<void> {
    // One turn of the event loop, so that commands which arrive together are committed together from the first on.
    await new Promise(setImmediate);
    for (let queue = queues.get(id); queue !== undefined && queue.length > 0; ) {
      const batch = queue.splice(0, maximumBatch);
      const release = handling.streams.hold(id);
      try {
        await commit(handling, id, batch);
      } catch (error) {
        handling.streams.forget(id);
        for (const { reject } of batch) reject(error);
      } finally {
        release();
      }
    }
    queues.delete(id);
  }
}

async function commit<State, Command extends CommandEnvelope, Event extends HighwaterEvent, Context>(
  handling: CommandHandling<State, Command, Event, Context>,
  id: string,
  batch: readonly Pending<State, Command, Event>[],
): Promise<void> {
  const { log, streams } = handling;
  const streamName = handling.streamName(id);
  let undecided = batch;
  while (undecided.length > 0) {
    await streams.warm(id);
    const context = await handling.prepare(
      id,
      undecided.map(({ command }) => command),
    );
    const warm = await streams.warm(id);
    const decided = decideTogether(handling, streamName, undecided, warm.state, context);
    let expectedVersion = warm.version;
    let stored = 0;
    for (const append of splitByBytes(decided)) {
      const result = await log.append(
        streamName,
        expectedVersion,
        append.map(({ encoded }) => encoded),
      );
      if (result.kind === 'conflict') break;
      recordAppended(append, expectedVersion);
      const events = append.map(({ event }) => event);
      streams.advance(id, expectedVersion, events, result.position);
      expectedVersion = result.version;
      stored += append.length;
    }
    // What was decided after the first event that is not stored was decided on a state that never came to be.
    const firstLost = decided[stored];
    const settled = firstLost === undefined ? undecided.length : undecided.indexOf(firstLost.pending);
    const after = await streams.warm(id);
    for (const pending of undecided.slice(0, settled)) settle(pending, after);
    undecided = undecided.slice(settled);
    if (undecided.length > 0) await streams.readOn(id);
  }
}

function decideTogether<State, Command extends CommandEnvelope, Event extends HighwaterEvent, Context>(
  { decider }: CommandHandling<State, Command, Event, Context>,
  streamName: StreamName,
  batch: readonly Pending<State, Command, Event>[],
  state: State,
  context: Context,
): readonly Decided<State, Command, Event>[] {
  const all: { event: Event; pending: Pending<State, Command, Event> }[] = [];
  for (const pending of batch) {
    const decision = decider.decide(pending.command, state, context);
    pending.refused = isRefused(decision) ? decision.refused : undefined;
    if (isRefused(decision)) continue;
    for (const event of decision) {
      state = decider.evolve(state, event);
      all.push({ event, pending });
    }
  }
  const kept = decider.coalesce === undefined ? undefined : new Set(decider.coalesce(all.map(({ event }) => event)));
  const encoded: Decided<State, Command, Event>[] = [];
  const counts = new Map<Pending<State, Command, Event>, number>();
  for (const { event, pending } of all) {
    if (kept !== undefined && !kept.has(event)) continue;
    const index = counts.get(pending) ?? pending.appended.length;
    counts.set(pending, index + 1);
    encoded.push({ event, pending, encoded: encode(streamName, event, pending.command, index) });
  }
  return encoded;
}

function encode(streamName: StreamName, event: HighwaterEvent, command: CommandEnvelope, index: number): EncodedEvent {
  const { commandId, actorId, at } = command;
  const eventId = deriveId(streamName, actorId, commandId, String(index));
  return encodeEvent(
    event,
    { correlationId: command.correlationId ?? commandId, causationId: commandId, actorId, at },
    eventId,
  );
}

/** Room for the ids and the framing that a store adds to an event's own text. */
const bytesBesidesText = 200;

/** Appends in the decided order, each under the stores' limit. Nearly always there is one. */
function splitByBytes<State, Command, Event>(
  decided: readonly Decided<State, Command, Event>[],
): readonly (readonly Decided<State, Command, Event>[])[] {
  const appends: Decided<State, Command, Event>[][] = [];
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
function recordAppended<State, Command, Event>(
  append: readonly Decided<State, Command, Event>[],
  expectedVersion: Version,
): void {
  append.forEach(({ event, pending }, index) => {
    pending.appended.push({ event, version: expectedVersion + 1 + index });
  });
}

function settle<State, Command, Event>(pending: Pending<State, Command, Event>, warm: Warm<State>): void {
  if (pending.refused !== undefined) {
    pending.resolve({ refused: pending.refused });
    return;
  }
  pending.resolve({ events: pending.appended, ...warm });
}
