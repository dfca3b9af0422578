import type { Position, Version } from '../ports/event-log.ts';
import type { Refusal } from './refusal.ts';
import type { Warm } from './warm-streams.ts';

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

/** A command between being handed in and being answered. */
export interface Pending<State, Command, Event> {
  readonly command: Command;
  readonly appended: AppendedEvent<Event>[];
  /** How the command was last decided; final once nothing that it was decided with has to be decided again. */
  refused: Refusal | undefined;
  /** Why what the command was decided to mean cannot be written: a fault of this command, not of its batch. */
  unwritable: unknown;
  /** True when an event of it was left out because another one of the batch says it all. */
  isSuperseded: boolean;
  readonly resolve: (handled: Handled<State, Event>) => void;
  readonly reject: (error: unknown) => void;
}

/** Answers a command, once what it was decided to mean is durable. */
export function settle<State, Command, Event>(pending: Pending<State, Command, Event>, warm: Warm<State>): void {
  if (pending.refused !== undefined) {
    pending.resolve({ refused: pending.refused });
    return;
  }
  if (pending.unwritable !== undefined) {
    pending.reject(pending.unwritable);
    return;
  }
  pending.resolve({ events: pending.appended, ...warm });
}
