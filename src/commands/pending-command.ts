import type { Position, Version } from '../ports/event-log.ts';
import type { Refusal, Repetition } from './refusal.ts';
import type { Warm } from './warm-state.ts';

/** An event of a command at its place in its stream. */
export interface AppendedEvent<Event> {
  readonly event: Event;
  readonly version: Version;
  /** When it happened: not before anything else in the group. */
  readonly at: string;
}

export type Handled<State, Event, Context = undefined> =
  | { readonly refused: Refusal }
  | {
      /** What the command appended: nothing when there was nothing to do, or when a later mark in the batch says it all. */
      readonly events: readonly AppendedEvent<Event>[];
      /** True when the command was carried out before, and nothing was appended now. */
      readonly isRepetition: boolean;
      /** The stream's state once the command's batch was durable. */
      readonly state: State;
      /** What it was decided with. */
      readonly context: Context;
      readonly version: Version;
      /**
       * Wait for this position to read one's own write: that of the command's events, whenever it is answered, or of the
       * append that they were in. Where there was nothing to do, that of the stream's newest event,
       * or for one who is no longer a member the log's start.
       */
      readonly position: Position;
      /** That of the newest event in `state`. */
      readonly newest: Position;
    };

/** A command between being handed in and being answered. */
export interface Pending<State, Command, Event, Context> {
  readonly command: Command;
  readonly appended: AppendedEvent<Event>[];
  /** Of the append that its newest event was in. */
  appendedAt: Position | undefined;
  /** How the command was last decided; final once nothing that it was decided with has to be decided again. */
  refused: Refusal | undefined;
  /** Where it stands already, if it does. */
  repeated: Repetition | undefined;
  /** Why what the command was decided to mean cannot be written: a fault of this command, not of its batch. */
  unwritable: unknown;
  /** True when an event of it was left out because another one of the batch says it all. */
  isSuperseded: boolean;
  readonly resolve: (handled: Handled<State, Event, Context>) => void;
  readonly reject: (error: unknown) => void;
}

/** Answers a command, once what it was decided to mean is durable. */
export function settle<State, Command, Event, Context>(
  pending: Pending<State, Command, Event, Context>,
  warm: Warm<State>,
  context: Context,
): void {
  if (pending.refused !== undefined) {
    pending.resolve({ refused: pending.refused });
    return;
  }
  if (pending.unwritable !== undefined) {
    pending.reject(pending.unwritable);
    return;
  }
  const { appended, appendedAt, repeated } = pending;
  const position = appendedAt ?? repeated?.position ?? warm.position;
  const isRepetition = repeated !== undefined && appended.length === 0;
  const { state, version, position: newest } = warm;
  pending.resolve({ events: appended, isRepetition, state, context, version, position, newest });
}
