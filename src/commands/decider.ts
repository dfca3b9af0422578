import type { Decision } from './refusal.ts';

/**
 * A decider in the standard form (J. Chassaing, "Functional Event Sourcing Decider"): pure functions without clock,
 * randomness or I/O. `Context` is what else a decision may look at, read by the caller; it never changes by events.
 */
export interface Decider<State, Command, Event, Context = undefined> {
  readonly initialState: State;
  readonly evolve: (state: State, event: Event) => State;
  readonly decide: (command: Command, state: State, context: Context) => Decision<Event>;
  /** Takes out of one append's events those that later ones of it make superfluous. Absent: all are kept. */
  readonly coalesce?: (events: readonly Event[]) => readonly Event[];
}

/** What every command carries. `at` is when the actor acted; `commandId` makes a retry the same command. */
export interface CommandEnvelope {
  readonly commandId: string;
  /** What everything that one request caused shares; the command's own id unless given. */
  readonly correlationId?: string | undefined;
  readonly actorId: string;
  readonly at: string;
}
