import { type EncodedEvent, encodeEvent } from '../events/codec.ts';
import type { HighwaterEvent } from '../events/event.ts';
import { deriveId } from '../events/event-id.ts';
import type { StreamName } from '../events/stream-name.ts';
import type { CommandEnvelope, Decider } from './decider.ts';
import type { Pending } from './pending-command.ts';
import { isRefused } from './refusal.ts';

/** An event of a batch with the command that it answers. */
export interface Decided<State, Command, Event> {
  readonly event: Event;
  readonly encoded: EncodedEvent;
  readonly pending: Pending<State, Command, Event>;
}

/** Decides each command on the state that the one before it left. What comes of it are the events to append, in order. */
export function decideTogether<State, Command extends CommandEnvelope, Event extends HighwaterEvent, Context>(
  decider: Decider<State, Command, Event, Context>,
  streamName: StreamName,
  batch: readonly Pending<State, Command, Event>[],
  state: State,
  context: Context,
): readonly Decided<State, Command, Event>[] {
  const all: Decided<State, Command, Event>[] = [];
  for (const pending of batch) {
    const decision = decider.decide(pending.command, state, context);
    pending.refused = isRefused(decision) ? decision.refused : undefined;
    pending.unwritable = undefined;
    pending.isSuperseded = false;
    if (isRefused(decision)) continue;
    try {
      all.push(
        ...decision.map((event, index) => ({ event, pending, encoded: encode(streamName, event, pending, index) })),
      );
      state = decision.reduce(decider.evolve, state);
    } catch (error) {
      pending.unwritable = error;
    }
  }
  if (decider.coalesce === undefined) return all;
  const kept = new Set(decider.coalesce(all.map(({ event }) => event)));
  for (const { event, pending } of all) if (!kept.has(event)) pending.isSuperseded = true;
  return all.filter(({ event }) => kept.has(event));
}

/**
 * The id says which event of which command it is, and what the event says: a repetition is the same event, and a
 * command id that is used again for something else never passes for one.
 */
function encode<State, Command extends CommandEnvelope, Event extends HighwaterEvent>(
  streamName: StreamName,
  event: Event,
  { command, appended }: Pending<State, Command, Event>,
  index: number,
): EncodedEvent {
  const { commandId, correlationId = commandId, actorId, at } = command;
  const content = JSON.stringify(event.data);
  const eventId = deriveId(streamName, actorId, commandId, String(appended.length + index), event.type, content);
  return encodeEvent(event, { correlationId, causationId: commandId, actorId, at }, eventId);
}
