import { LogUnavailable } from '../../ports/event-log.ts';
import type { FollowedLog } from '../following/follow-log.ts';
import type { LiveFeed } from '../following/live-feed.ts';
import { sqliteCode } from './log-file.ts';
import type { LogReader } from './log-reader.ts';

/** SQLITE_CORRUPT and SQLITE_NOTADB: waiting repairs neither. */
const lastingFaults: ReadonlySet<number | undefined> = new Set([11, 26]);

/** What those who follow the file need of it: pages from disk, and its end, which the feed may not have heard of yet. */
export function createFollowedLog(reader: LogReader, feed: LiveFeed): FollowedLog {
  return {
    feed,
    pagesAfter: (after) => {
      let position = after;
      return {
        next: async () => {
          const events = reader.page(position, Number.POSITIVE_INFINITY);
          position = events.at(-1)?.position ?? position;
          return events;
        },
      };
    },
    endPosition: async () => {
      const end = reader.endPosition();
      feed.announced(end);
      return end;
    },
    mayPass: (error) => error instanceof LogUnavailable && !lastingFaults.has(sqliteCode(error.cause)),
    backoff: { first: 100, most: 500 },
  };
}
