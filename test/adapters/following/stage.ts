import { type FollowedLog, followLog } from '../../../src/adapters/following/follow-log.ts';
import { createLiveFeed, type LiveFeed } from '../../../src/adapters/following/live-feed.ts';
import {
  type LogBatch,
  LogUnavailable,
  type Position,
  type RecordedEvent,
  startOfLog,
} from '../../../src/ports/event-log.ts';
import { recordedAt } from './recorded-events.ts';

/** How whoever follows hears of an append. */
export type Hearing = 'comes' | 'announced' | 'unheard';

/** A log of numbered events, whose positions have gaps, with the feed of those who follow it. */
export interface Stage {
  readonly feed: LiveFeed;
  readonly all: readonly RecordedEvent[];
  /** Pages that were asked for, by the position that they follow on and the one that they are to reach. */
  readonly pages: readonly { readonly after: Position; readonly until: Position }[];
  /** Runs before each answer of the log: it may wait or throw. */
  beforeAnswer: () => Promise<void> | void;
  append(count: number, hearing: Hearing, data?: string): void;
  follow(after?: Position, signal?: AbortSignal): AsyncIterator<LogBatch>;
}

export const never = new AbortController().signal;

export function createStage({ pageEvents = 3 } = {}): Stage {
  const all: RecordedEvent[] = [];
  const pages: { after: Position; until: Position }[] = [];
  const feed = createLiveFeed();
  const endPosition = (): Position => all.at(-1)?.position ?? startOfLog;
  const log: FollowedLog = {
    feed,
    endPosition: async () => {
      await stage.beforeAnswer();
      feed.announced(endPosition());
      return endPosition();
    },
    pagesAfter: (after) => {
      let position = after;
      return {
        next: async (until) => {
          pages.push({ after: position, until });
          await stage.beforeAnswer();
          const page = all.filter((event) => event.position > position).slice(0, pageEvents);
          position = page.at(-1)?.position ?? position;
          return page;
        },
      };
    },
    mayPass: (error) => error instanceof LogUnavailable,
    backoff: { first: 1, most: 1 },
  };
  const stage: Stage = {
    feed,
    all,
    pages,
    beforeAnswer: () => undefined,
    append: (count, hearing, data) => {
      const before = endPosition();
      const events = Array.from({ length: count }, (_, index) => recordedAt(before + 1 + index * 2, data));
      all.push(...events);
      if (hearing === 'comes') feed.events(events, before);
      if (hearing === 'announced') feed.announced(endPosition());
    },
    follow: (after = startOfLog, signal = never) => followLog(log, after, signal)[Symbol.asyncIterator](),
  };
  return stage;
}

/** The next batch. */
export async function take(iterator: AsyncIterator<LogBatch>): Promise<LogBatch> {
  const { value, done: isOver } = await iterator.next();
  if (isOver === true) throw new Error('it is over');
  return value;
}

/** What comes until so many events have come. */
export async function takeEvents(iterator: AsyncIterator<LogBatch>, count: number): Promise<readonly RecordedEvent[]> {
  const events: RecordedEvent[] = [];
  while (events.length < count) events.push(...(await take(iterator)).events);
  return events;
}
