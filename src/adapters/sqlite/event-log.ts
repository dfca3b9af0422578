import { BroadcastChannel, type ResourceLimits } from 'node:worker_threads';
import type { EncodedEvent } from '../../events/codec.ts';
import { type EventLog, LogUnavailable, noStream } from '../../ports/event-log.ts';
import { followLog } from '../following/follow-log.ts';
import { createLiveFeed, type Hear, type LiveFeed, type LiveSink } from '../following/live-feed.ts';
import { createFollowedLog } from './followed-log.ts';
import { inspectLogFile, positionsChannel } from './log-file.ts';
import { createPageReading, type LogReader, openLogReader } from './log-reader.ts';
import { startWriter } from './writer-client.ts';

export { ForeignLogFile, LogVersionUnsupported } from './log-file.ts';

export interface SqliteEventLogOptions {
  /** The file, in a directory that exists. It is created where it is missing. */
  readonly file: string;
  /** Makes appends fail with SQLITE_FULL once the file has so many pages. */
  readonly maximumPageCount?: number;
  /** The script of the writer's thread; another one only in tests of how its failures are borne. */
  readonly writerScript?: URL;
  /** The limits of its heap; smaller ones only in the same tests. */
  readonly writerLimits?: ResourceLimits;
}

/** What EventStoreDB takes in one append, 1 MiB, also where all of it is bytes that are kept in base64. */
const maximumBytes = 1.5 * 1024 * 1024;

/** How often a reader looks for events that no broadcast tells it of, because another process wrote them. */
const usualPollMilliseconds = 1_000;

/**
 * The event log in one SQLite file: reads on this thread, a page at a time; appends on a thread of their own, which
 * commits whatever has arrived with one fsync. One process at a time may have it open for writing: see
 * data-directory-lock.ts. Positions count 0, 1, 2, … without gaps.
 *
 * After an I/O error the log stops: every later append throws LogUnavailable until the process has opened the log anew,
 * because only then does SQLite say what of the failed commit holds. Reads and subscriptions go on.
 *
 * Rejects with LogVersionUnsupported or ForeignLogFile, leaving the file as it was, or with LogUnavailable.
 */
export async function openSqliteEventLog(options: SqliteEventLogOptions): Promise<EventLog> {
  inspectLogFile(options.file);
  const feed = createLiveFeed();
  const writer = await startWriter(options, feed);
  const reader = openLogReader(options.file);
  // A writer that has crashed may have committed without a word: whoever follows gets to see it all the same.
  void writer.ended.then(() => look(reader, feed));

  return {
    append: async (streamName, expectedVersion, events) => {
      const bytes = checkedSize(events);
      // Anything else would be compared with real versions and could never match: a caller's mistake.
      if (!Number.isSafeInteger(expectedVersion) || expectedVersion < noStream) {
        throw new RangeError(`${expectedVersion} is not a version`);
      }
      return writer.append({ streamName, expectedVersion, events }, bytes);
    },
    appendsRefused: writer.refused,
    ...readingMembers(reader, feed),
    close: async () => {
      feed.close();
      // The writing connection goes last: only it can fold the WAL into the file and remove it.
      reader.close();
      await writer.close();
    },
  };
}

/**
 * The same log for threads and processes that only follow it. `append` throws LogUnavailable. Followers are woken by the
 * writer's broadcast within its process, and look by themselves for what another process has written: every
 * second, or as often as they are told to.
 */
export async function openSqliteEventLogReader(options: {
  readonly file: string;
  readonly pollMilliseconds?: number;
}): Promise<EventLog> {
  if (inspectLogFile(options.file) === 'fresh') throw new LogUnavailable(`there is no event log at ${options.file}`);
  const reader = openLogReader(options.file);
  const positions = new BroadcastChannel(positionsChannel(options.file));
  positions.unref();
  const feed = createLiveFeed(hearPositions(reader, positions, options.pollMilliseconds ?? usualPollMilliseconds));

  const refused = 'this event log was opened for reading only';
  return {
    append: async () => {
      throw new LogUnavailable(refused);
    },
    appendsRefused: () => refused,
    ...readingMembers(reader, feed),
    close: async () => {
      feed.close();
      positions.close();
      reader.close();
    },
  };
}

/** The writer's broadcasts within this process, and a look of its own now and then for those of another. */
function hearPositions(reader: LogReader, positions: BroadcastChannel, pollMilliseconds: number): Hear {
  return (sink, signal) =>
    new Promise((resolve) => {
      // The channel and the timer keep the thread alive while somebody waits for events, and only then.
      positions.ref();
      positions.onmessage = ({ data }) => {
        if (typeof data === 'number') sink.announced(data);
      };
      const poll = setInterval(() => look(reader, sink), pollMilliseconds);
      signal.addEventListener('abort', () => {
        clearInterval(poll);
        positions.onmessage = null;
        positions.unref();
        resolve();
      });
    });
}

/** Announces what stands in the file. */
function look(reader: LogReader, sink: LiveSink): void {
  try {
    sink.announced(reader.endPosition());
  } catch {
    // In a timer nobody would hear of it. The next read of a follower meets the same fault and deals with it.
  }
}

function readingMembers(reader: LogReader, feed: LiveFeed): Omit<EventLog, 'append' | 'appendsRefused' | 'close'> {
  const readPages = createPageReading();
  const followed = createFollowedLog(reader, feed);
  return {
    readStream: async (streamName, from, limit) =>
      readPages(limit, (previous, remaining) =>
        reader.streamPage(streamName, previous === undefined ? from : previous.version + 1, remaining),
      ),
    readStreamBackwards: async (streamName, from = Number.MAX_SAFE_INTEGER, limit) =>
      readPages(limit, (previous, remaining) =>
        reader.streamPageBackwards(streamName, previous === undefined ? from : previous.version - 1, remaining),
      ),
    readAll: async (after, limit) =>
      readPages(limit, (previous, remaining) => reader.page(previous?.position ?? after, remaining)),
    readAllBackwards: async (before = Number.MAX_SAFE_INTEGER, limit) =>
      readPages(limit, (previous, remaining) => reader.pageBackwards(previous?.position ?? before, remaining)),
    endPosition: async () => reader.endPosition(),
    subscribe: (after, signal) => followLog(followed, after, signal),
  };
}

/** The append's size in bytes, as UTF-8. Throws a RangeError where the port allows no such append. */
function checkedSize(events: readonly EncodedEvent[]): number {
  if (events.length === 0) throw new RangeError('an append holds at least one event');
  let bytes = 0;
  for (const { eventId, type, data, metadata } of events) {
    for (const text of [eventId, type, data, metadata]) bytes += Buffer.byteLength(text);
  }
  if (bytes > maximumBytes) {
    throw new RangeError(`an append of ${bytes} bytes is above the limit of ${maximumBytes} bytes`);
  }
  return bytes;
}
