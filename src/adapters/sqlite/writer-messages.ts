import type { EncodedEvent } from '../../events/codec.ts';
import type { AppendResult, Position, Version } from '../../ports/event-log.ts';

/** What the writer's thread is started with. */
export interface WriterOptions {
  readonly file: string;
  readonly maximumPageCount: number | undefined;
}

export interface Append {
  readonly streamName: string;
  readonly expectedVersion: Version;
  readonly events: readonly EncodedEvent[];
}

/**
 * Appends on their way to the writer. Flat arrays of strings and numbers, because structured clone copies them several
 * times faster than objects with named members.
 */
export interface AppendMessage {
  readonly kind: 'append';
  readonly streamNames: readonly string[];
  /** For each append its expected version and its number of events. */
  readonly numbers: readonly number[];
  /** For each event its id, type, data and metadata. */
  readonly texts: readonly string[];
  /** Where in `texts` the events begin whose data is bytes; hardly ever any. */
  readonly binary: readonly number[];
  readonly bytes: number;
}

export type WriterMessage = AppendMessage | { readonly kind: 'close' };

/** The writer answers in the order in which appends were sent; an answer covers one transaction. */
export type WriterReply =
  | { readonly kind: 'opened' }
  | { readonly kind: 'notOpened'; readonly reason: string }
  /** For each append: an outcome, a version and a position. `at` is when all of it was recorded. */
  | { readonly kind: 'committed'; readonly outcomes: readonly number[]; readonly at: number }
  /** So many appends have failed together. `stopped`: the writer takes no further ones. */
  | { readonly kind: 'failed'; readonly appends: number; readonly failure: AppendFailure; readonly stopped: boolean };

export interface AppendFailure {
  /** `unavailable`: nothing was stored. `unknown`: it may turn out to be stored after a restart. */
  readonly kind: 'unavailable' | 'unknown';
  readonly reason: string;
}

/** What the first of an append's three numbers in a `committed` says. */
export const outcomeAppended = 0;
/** The same events already stood there: a success with the first answer. */
export const outcomeRepeated = 1;
/** The second number is then the stream's actual version. */
export const outcomeConflict = 2;

export function packAppends(appends: readonly Append[], bytes: number): AppendMessage {
  const numbers: number[] = [];
  const texts: string[] = [];
  const binary: number[] = [];
  for (const { expectedVersion, events } of appends) {
    numbers.push(expectedVersion, events.length);
    for (const event of events) {
      if (event.binary) binary.push(texts.length);
      texts.push(event.eventId, event.type, event.data, event.metadata);
    }
  }
  return { kind: 'append', streamNames: appends.map(({ streamName }) => streamName), numbers, texts, binary, bytes };
}

export function unpackResult(outcome: number, version: Version, position: Position): AppendResult {
  if (outcome === outcomeConflict) return { kind: 'conflict', actualVersion: version };
  return { kind: 'appended', version, position };
}
