import type { EncodedEvent } from '../events/codec.ts';
import { type AppendResult, type EventLog, maximumAppendBytes, noStream, type Version } from '../ports/event-log.ts';
import type { AppendOutcome } from './append-responses.ts';
import { type ExpectedVersion, exactVersion } from './expected-version.ts';
import { AppendTooLarge, notOffered } from './refusals.ts';
import { createStreamEnds, type StreamEnd, type StreamEnds } from './stream-ends.ts';

/** Streams of this prefix say how another stream is cut, kept and guarded. */
const metadataPrefix = '$$';

/**
 * Appends as EventStoreDB does, to a log that knows only exact versions. Rejects with a Refusal, LogUnavailable or
 * AppendUnknown.
 */
export type AppendToLog = (
  streamName: string,
  expected: ExpectedVersion,
  events: readonly EncodedEvent[],
) => Promise<AppendOutcome>;

export function createAppendToLog(log: EventLog): AppendToLog {
  const ends = createStreamEnds(log);
  return async (streamName, expected, events) => {
    // Better refused than stored and never heeded.
    if (streamName.startsWith(metadataPrefix)) throw notOffered('stream metadata');
    if (events.length === 0) return checkVersion(log, streamName, expected);
    const version = exactVersion(expected);
    if (version === undefined) return appendAtEnd({ log, ends, streamName, expected, events });
    const result = await append(log, streamName, version, events);
    ends.forget(streamName);
    return result.kind === 'appended'
      ? result
      : { kind: 'wrongVersion', actualVersion: result.actualVersion, expected };
  };
}

/** An append without events stores nothing, but its expectation is checked like any other. */
async function checkVersion(log: EventLog, streamName: string, expected: ExpectedVersion): Promise<AppendOutcome> {
  const [last] = await log.readStreamBackwards(streamName, undefined, 1);
  const actualVersion = last?.version ?? noStream;
  const holds =
    expected.kind === 'any' ||
    (expected.kind === 'streamExists' ? last !== undefined : exactVersion(expected) === actualVersion);
  if (!holds) return { kind: 'wrongVersion', actualVersion, expected };
  return { kind: 'appended', version: actualVersion, position: await log.endPosition() };
}

interface AppendAtEnd {
  readonly log: EventLog;
  readonly ends: StreamEnds;
  readonly streamName: string;
  readonly expected: ExpectedVersion;
  readonly events: readonly EncodedEvent[];
}

/** Appends after whatever is there, again and again until the guess of where that ends was right. */
async function appendAtEnd({ log, ends, streamName, expected, events }: AppendAtEnd): Promise<AppendOutcome> {
  for (;;) {
    // From here to the append nothing is waited for, so that those of one stream follow each other without a gap.
    const end = await ends.find(streamName);
    const actualVersion = end.version;
    if (expected.kind === 'streamExists' && actualVersion === noStream) {
      return { kind: 'wrongVersion', actualVersion, expected };
    }
    const repeated = findRepetition(end, events);
    if (repeated !== undefined) {
      const outcome = await answerRepetition(log, streamName, end, repeated, expected);
      if (outcome !== undefined) return outcome;
      ends.forget(streamName);
      continue;
    }
    const appending = append(log, streamName, actualVersion, events);
    end.extend(events, appending);
    const result = await appending.catch((error: unknown) => {
      ends.forget(streamName);
      throw error;
    });
    if (result.kind === 'appended') return result;
    ends.forget(streamName);
  }
}

/**
 * The version of the last of the events, when all of them stand in the stream already. An append that begins with a new
 * event is new as a whole; one that begins with an old event and goes on with a new one is neither.
 */
function findRepetition(end: StreamEnd, events: readonly EncodedEvent[]): Version | 'inPart' | undefined {
  let last: Version | undefined;
  for (const [index, { eventId }] of events.entries()) {
    last = end.versionOf(eventId);
    if (last === undefined) return index === 0 ? undefined : 'inPart';
  }
  return last;
}

/** Undefined when what seemed to be repeated was not stored after all. */
async function answerRepetition(
  log: EventLog,
  streamName: string,
  end: StreamEnd,
  repeated: Version | 'inPart',
  expected: ExpectedVersion,
): Promise<AppendOutcome | undefined> {
  await end.settled();
  const [last] = await log.readStreamBackwards(streamName, undefined, 1);
  if (repeated === 'inPart') return { kind: 'wrongVersion', actualVersion: last?.version ?? noStream, expected };
  const [stored] = await log.readStream(streamName, repeated, 1);
  return stored && { kind: 'appended', version: stored.version, position: stored.position };
}

async function append(
  log: EventLog,
  streamName: string,
  version: Version,
  events: readonly EncodedEvent[],
): Promise<AppendResult> {
  try {
    return await log.append(streamName, version, events);
  } catch (error) {
    // The log may take less than EventStoreDB does, and says so with this error.
    if (error instanceof RangeError) throw new AppendTooLarge(maximumAppendBytes);
    throw error;
  }
}
