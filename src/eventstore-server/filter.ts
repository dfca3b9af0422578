import type { ReadReq } from '@eventstore/db-client/generated/streams_pb.js';
import type { RecordedEvent } from '../ports/event-log.ts';
import { invalidArgument } from './refusals.ts';

/** How many events EventStoreDB looks through at a time where the client does not say. */
const defaultWindow = 32;

export interface EventFilter {
  matches(event: RecordedEvent): boolean;
  /** How many events are looked through at a time, matching or not. */
  readonly window: number;
  /** How many events are looked through for one checkpoint. */
  readonly checkpointInterval: number;
}

/** A filter on the stream's name or the event's type. Where a regular expression is given, prefixes do not count. */
export function readFilter(options: ReadReq.Options.FilterOptions): EventFilter {
  const window = options.hasMax() ? options.getMax() : defaultWindow;
  if (window === 0) throw invalidArgument('a filter that looks through no event finds none');
  const multiplier = options.getCheckpointintervalmultiplier();
  return { matches: matcher(options), window, checkpointInterval: window * Math.max(multiplier, 1) };
}

function matcher(options: ReadReq.Options.FilterOptions): EventFilter['matches'] {
  const byStream = options.getStreamIdentifier();
  if (byStream !== undefined) {
    const matches = expressionMatcher(byStream);
    return ({ streamName }) => matches(streamName);
  }
  const byType = options.getEventType();
  if (byType === undefined) throw invalidArgument('a filter is on the stream name or on the event type');
  const matches = expressionMatcher(byType);
  return ({ type }) => matches(type);
}

function expressionMatcher(expression: ReadReq.Options.FilterOptions.Expression): (text: string) => boolean {
  const source = expression.getRegex();
  if (source !== '') {
    const pattern = compile(source);
    return (text) => pattern.test(text);
  }
  const prefixes = expression.getPrefixList();
  return (text) => prefixes.some((prefix) => text.startsWith(prefix));
}

function compile(source: string): RegExp {
  try {
    return new RegExp(source, 'u');
  } catch {
    return compileLoosely(source);
  }
}

/** EventStoreDB's regular expressions are .NET's, which take escapes that Unicode mode does not. */
function compileLoosely(source: string): RegExp {
  try {
    return new RegExp(source);
  } catch (error) {
    throw invalidArgument(`the filter's regular expression is none: ${String(error)}`);
  }
}
