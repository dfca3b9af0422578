import type { EncodedEvent } from '../events/codec.ts';

/** A place in the whole log. Grows with every event, with gaps where a store numbers by bytes. */
export type Position = number;
/** Before the first event of the log. */
export const startOfLog: Position = -1;

/** A place in one stream: its first event is version 0. */
export type Version = number;
/** The version of a stream that holds no event. */
export const noStream: Version = -1;

export interface RecordedEvent extends EncodedEvent {
  /** Any name: a log may hold streams that are none of Highwater's, see parseStreamName. */
  readonly streamName: string;
  /** A safe integer; `Number.MAX_SAFE_INTEGER` stands for everything beyond, which no event of ours has. */
  readonly version: Version;
  readonly position: Position;
  /** When the store recorded it, by the store's clock: milliseconds since 1970, 0 where the log does not say. */
  readonly recordedAt: number;
}

export type AppendResult =
  /** Durable: `version` and `position` are those of the last event appended. */
  | { readonly kind: 'appended'; readonly version: Version; readonly position: Position }
  /** Nothing was stored: the stream is at `actualVersion`. */
  | { readonly kind: 'conflict'; readonly actualVersion: Version };

/** The store cannot be used now; nothing of the call was stored. */
export class LogUnavailable extends Error {
  override readonly name = 'LogUnavailable';
}

/**
 * The store does not let this process in, or is not the one that it should be. Waiting does not help: what the message
 * names has to be mended.
 */
export class LogRefused extends LogUnavailable {}

/** The stream was deleted for good, by whoever runs the store: it cannot be read or appended to any more, ever. */
export class StreamDeleted extends LogUnavailable {}

/** Nobody knows whether the append was stored: read back before deciding anything. */
export class AppendUnknown extends Error {
  override readonly name = 'AppendUnknown';
}

/** A store's limit over one append, of which every adapter must take at least this much: 1 MiB less room for framing. */
export const maximumAppendBytes = 900_000;

export interface LogBatch {
  /** In the log's order, without a gap; may be empty when only `caughtUp` is news. */
  readonly events: readonly RecordedEvent[];
  /** True when this batch reached what was then the end of the log. */
  readonly caughtUp: boolean;
}

export interface EventLog {
  /**
   * Appends all events or none, durably before it resolves. `expectedVersion` is the stream's last version, or
   * `noStream`. The same events with the same ids at the same place again are a success with the first answer.
   * Throws LogUnavailable, StreamDeleted where that is why, or AppendUnknown.
   */
  append(streamName: string, expectedVersion: Version, events: readonly EncodedEvent[]): Promise<AppendResult>;

  /**
   * Why every append is refused until the log is opened anew, or undefined. Known without asking the store: one that is
   * away, and may come back, is no such reason.
   */
  appendsRefused(): string | undefined;

  /**
   * At most `limit` events of one stream, from version `from` on, ascending; empty past its end or where it is missing. Of
   * a stream whose beginning the store has let go of, what is left. Throws LogUnavailable, StreamDeleted where that is why.
   */
  readStream(streamName: string, from: Version, limit: number): Promise<readonly RecordedEvent[]>;

  /**
   * At most `limit` events of one stream, descending, from version `from` on or, where that is undefined, from its end;
   * empty where the stream is missing. Throws as `readStream` does.
   */
  readStreamBackwards(streamName: string, from: Version | undefined, limit: number): Promise<readonly RecordedEvent[]>;

  /** At most `limit` events after `after` in the log's order: at least those of Highwater's own streams. */
  readAll(after: Position, limit: number): Promise<readonly RecordedEvent[]>;

  /**
   * At most `limit` events before `before` or, where that is undefined, from the log's end, the newest first: at least
   * those of Highwater's own streams.
   */
  readAllBackwards(before: Position | undefined, limit: number): Promise<readonly RecordedEvent[]>;

  /** The position of the newest event that `readAll` gives; `startOfLog` when there is none. */
  endPosition(): Promise<Position>;

  /**
   * Follows the log after `after` until `signal` aborts, then returns. In order, without gaps or duplicates, through
   * every fault that passes; gives at least the events of Highwater's own streams. A consumer that is slow holds back
   * nobody else.
   */
  subscribe(after: Position, signal: AbortSignal): AsyncIterable<LogBatch>;

  /** Waits for appends under way, then lets go of the store. */
  close(): Promise<void>;
}
