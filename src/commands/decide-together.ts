import { type EncodedEvent, type EventMetadata, encodeEvent } from '../events/codec.ts';
import type { HighwaterEvent } from '../events/event.ts';
import { deriveId } from '../events/event-id.ts';
import { laterOf } from '../events/moments.ts';
import type { StreamName } from '../events/stream-name.ts';
import type { CommandEnvelope, Decider } from './decider.ts';
import type { Pending } from './pending-command.ts';
import { isRefused, isRepeated } from './refusal.ts';

/** An event of a batch with the command that it answers. */
export interface Decided<State, Command, Event, Context> {
  readonly event: Event;
  readonly metadata: EventMetadata;
  readonly encoded: EncodedEvent;
  readonly pending: Pending<State, Command, Event, Context>;
}

/** Decides each command on the state that the one before it left. What comes of it are the events to append, in order. */
export function decideTogether<State, Command extends CommandEnvelope, Event extends HighwaterEvent, Context>(
  decider: Decider<State, Command, Event, Context>,
  streamName: StreamName,
  batch: readonly Pending<State, Command, Event, Context>[],
  state: State,
  context: Context,
): readonly Decided<State, Command, Event, Context>[] {
  const all: Decided<State, Command, Event, Context>[] = [];
  for (const pending of batch) {
    const decision = decider.decide(pending.command, state, context);
    pending.refused = isRefused(decision) ? decision.refused : undefined;
    pending.unwritable = undefined;
    pending.isSuperseded = false;
    pending.repeated = isRepeated(decision) ? decision.repeated : undefined;
    if (isRefused(decision) || isRepeated(decision)) continue;
    try {
      const at = momentOf(pending.command, decider.lastAt(state, context));
      const encoded = encodeAll(streamName, decision, pending, at);
      all.push(...encoded);
      for (const { event, metadata } of encoded)
        state = decider.evolve(state, event, { metadata, position: undefined });
    } catch (error) {
      pending.unwritable = error;
    }
  }
  if (decider.coalesce === undefined) return all;
  const kept = new Set(decider.coalesce(all.map(({ event }) => event)));
  for (const { event, pending } of all) if (!kept.has(event)) pending.isSuperseded = true;
  return all.filter(({ event }) => kept.has(event));
}

const momentOf = ({ at, isRetold }: CommandEnvelope, lastAt: string | undefined): string =>
  isRetold ? at : laterOf(at, lastAt);

/**
 * The id says which event of which command it is, and what the event says: a repetition is the same event, and a
 * command id that is used again for something else never passes for one.
 */
function encodeAll<State, Command extends CommandEnvelope, Event extends HighwaterEvent, Context>(
  streamName: StreamName,
  events: readonly Event[],
  pending: Pending<State, Command, Event, Context>,
  at: string,
): readonly Decided<State, Command, Event, Context>[] {
  const { commandId, correlationId = commandId, commandDigest, actorId } = pending.command;
  const command = { correlationId, causationId: commandId, commandDigest, actorId, at };
  return events.map((event, index) => {
    const content = JSON.stringify(event.data);
    const place = String(pending.appended.length + index);
    const eventId = deriveId(streamName, actorId, commandId, place, event.type, content);
    const isLast = commandDigest === undefined || index === events.length - 1;
    const metadata: EventMetadata = isLast ? command : { ...command, commandContinues: true };
    return { event, metadata, encoded: encodeEvent(event, metadata, eventId), pending };
  });
}
