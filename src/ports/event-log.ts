import type { EncodedEvent } from '../events/codec.ts';
import type { StreamName } from '../events/stream-name.ts';

/** A place in the whole log. Grows with every event, with gaps where a store numbers by bytes. */
export type Position = number;
/** Before the first event of the log. */
export const startOfLog: Position = -1;

/** A place in one stream: its first event is version 0. */
export type Version = number;
/** The version of a stream that holds no event. */
export const noStream: Version = -1;

export interface RecordedEvent extends EncodedEvent {
  readonly streamName: StreamName;
  readonly version: Version;
  readonly position: Position;
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
   * Throws LogUnavailable, or AppendUnknown.
   */
  append(streamName: StreamName, expectedVersion: Version, events: readonly EncodedEvent[]): Promise<AppendResult>;

  /** At most `limit` events of one stream, from version `from` on, ascending; empty past its end or where it is missing. */
  readStream(streamName: StreamName, from: Version, limit: number): Promise<readonly RecordedEvent[]>;

  /** The newest event of one stream; undefined where the stream is missing. */
  readLast(streamName: StreamName): Promise<RecordedEvent | undefined>;

  /** At most `limit` events after `after` in the log's order: at least those of Highwater's own streams. */
  readAll(after: Position, limit: number): Promise<readonly RecordedEvent[]>;

  /** The position of the newest event; `startOfLog` when there is none. */
  endPosition(): Promise<Position>;

  /**
   * Follows the log after `after` until `signal` aborts, then returns. In order, without gaps or duplicates, through
   * every fault that passes. A consumer that is slow holds back nobody else.
   */
  subscribe(after: Position, signal: AbortSignal): AsyncIterable<LogBatch>;

  /** Waits for appends under way, then lets go of the store. */
  close(): Promise<void>;
}
