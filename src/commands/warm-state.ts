import type { DecodedEvent } from '../events/codec.ts';
import type { Position, RecordedEvent, Version } from '../ports/event-log.ts';

/** A stream's state as of one version, with a position at which it is exact. */
export interface Warm<State> {
  readonly state: State;
  readonly version: Version;
  readonly position: Position;
}

/** A warm state in memory. Two of one load differ by events folded and by more or less remembered, and by nothing else. */
export interface Loaded<State> extends Warm<State> {
  readonly load: number;
}

/**
 * The states of the streams that commands are about, kept warm while they are used. Each is a fold of its stream up to a
 * version and nothing else, so it may be dropped at any time and advanced by whoever sees the next event first. A stream
 * without events is not kept: who asks for what is not there fills nothing.
 *
 * A stream that contradicts its state (it has become shorter, events of it are missing, a version stands at another
 * position) is another log's, restored beneath this process: the state is forgotten. Where the log contradicts the
 * snapshot too, the call throws LogUnavailable. All calls throw what the stores throw.
 */
export interface WarmStreams<State> {
  /** The state, loaded first where it is cold. At least as new as every append that this process has been answered. */
  warm(id: string): Promise<Loaded<State>>;
  /** The state with everything folded that the log held when this was called. */
  newest(id: string): Promise<Loaded<State>>;
  /** The state if it is warm. */
  peek(id: string): Loaded<State> | undefined;
  /**
   * Replaces the state by one that folds the same events, with more or less of them remembered. Undefined, and nothing
   * is replaced, where it was loaded anew since `seen`: then what was found out about `seen` says nothing of it.
   */
  replace(id: string, seen: Loaded<State>, change: (state: State) => State): Loaded<State> | undefined;
  /**
   * Folds what this process has appended at `expectedVersion` on `from`, which has folded at least as much, and returns
   * the result. `position` is that of the last event.
   */
  advance(
    id: string,
    from: Loaded<State>,
    expectedVersion: Version,
    events: readonly DecodedEvent[],
    position: Position,
  ): Loaded<State>;
  /** Folds an event that came by the live feed, when it is the next one of a warm stream. */
  follow(id: string, recorded: RecordedEvent, decoded: DecodedEvent): void;
  forget(id: string): void;
  forgetAll(): void;
  /** Keeps the stream warm until the returned function is called. */
  hold(id: string): () => void;
  /** Bytes of all states. */
  byteLength(): number;
  /** Streams in memory, those that are loading included. */
  size(): number;
}
