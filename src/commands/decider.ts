import type { EventMetadata } from '../events/codec.ts';
import type { Position } from '../ports/event-log.ts';
import type { Decision } from './refusal.ts';

/** Where an event comes from: whose command it answers, and where in the log it stands. */
export interface EventOrigin {
  readonly metadata: EventMetadata;
  /**
   * Undefined while the event is decided and not yet appended. To the process that appended it, it is that of the last
   * event of the append: no earlier than its own, and no later than the answer.
   */
  readonly position: Position | undefined;
}

/**
 * A decider in the standard form (J. Chassaing, "Functional Event Sourcing Decider"): pure functions without clock,
 * randomness or I/O. `Context` is what else a decision may look at, read by the caller; it never changes by events.
 */
export interface Decider<State, Command, Event, Context = undefined> {
  readonly initialState: State;
  readonly evolve: (state: State, event: Event, origin: EventOrigin) => State;
  readonly decide: (command: Command, state: State, context: Context) => Decision<Event>;
  /**
   * The latest moment of what the decisions stand on. Nothing is to have happened before it, though the clock that a command
   * comes with says so: a server's may step back, and two servers' differ.
   */
  readonly lastAt: (state: State, context: Context) => string | undefined;
  /** Takes out of one append's events those that later ones of it make superfluous. Absent: all are kept. */
  readonly coalesce?: (events: readonly Event[]) => readonly Event[];
}

/** What every command carries. `at` is when the actor acted; `commandId` makes a retry the same command. */
export interface CommandEnvelope {
  readonly commandId: string;
  /**
   * Given where the client chose the id: what the command says (`digestOf`). Such a command is remembered for ever, so
   * that it is answered as it was when it comes again. Any other is forgotten at once, and costs nothing.
   */
  readonly commandDigest?: string | undefined;
  /** What everything that one request caused shares; the command's own id unless given. */
  readonly correlationId?: string | undefined;
  readonly actorId: string;
  readonly at: string;
  /** True where `at` is what a record from elsewhere says: then it stays, though later things are known of the group. */
  readonly isRetold?: true | undefined;
}
