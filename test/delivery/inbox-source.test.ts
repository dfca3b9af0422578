import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { InboxEntry } from '../../src/delivery/inbox-source.ts';
import { UndecodableEvent } from '../../src/events/codec.ts';
import type { GroupEvent, ReadsEvent } from '../../src/events/event.ts';
import { LogUnavailable } from '../../src/ports/event-log.ts';
import { ReadModelsUnavailable } from '../../src/ports/read-model-faults.ts';
import type { InboxRow } from '../../src/ports/rows.ts';
import { added, left, lunch, readUpTo, removed, sent } from '../commands/events.ts';
import { begun, createStage, groupId, type Stage, take } from './stage.ts';

let stage: Stage;
beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  stage = createStage();
  await stage.append(...lunch);
  await stage.fed();
  stage.inboxRows.push(inboxRow(groupId, 1));
});
afterEach(async () => {
  await stage.stop();
  expect(stage.feed.listenerCount()).toBe(0);
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

/** As much of a row as the source looks at. */
const inboxRow = (id: string, activityPosition: number): InboxRow =>
  ({ group: { groupId: id }, activityPosition }) as InboxRow;

/** Lets what was coalesced be told. */
const coalesced = () => vi.advanceTimersByTimeAsync(300);

async function hear(...events: readonly (GroupEvent | ReadsEvent)[]): Promise<void> {
  await stage.append(...events);
  await stage.fed();
}

const entry = (more: Partial<InboxEntry>): InboxEntry => ({
  ...{ groupId, lastSeq: 0, markedUpTo: 0, unreadCount: 0, left: false },
  ...more,
});

test('messages and own marks are told together, as they stand when they are asked for', async () => {
  const inbox = begun(await stage.inbox('bob'));
  await hear(sent(1, 'ada'), sent(2, 'ada'));
  await hear(readUpTo('bob', 1));
  await coalesced();
  await hear(sent(3, 'ada'));
  expect(await take(inbox, 1)).toEqual([entry({ lastSeq: 3, markedUpTo: 1, unreadCount: 2 })]);
  await inbox.return?.();
});

test('groups that move to the front while the pages are read are taken in, however many they are', async () => {
  const page = (newest: number, count: number) =>
    Array.from({ length: count }, (_, index) => inboxRow(`g-${newest - index}`, newest - index));
  // The first time, what is on the second page moves in front of the first one meanwhile.
  const pages = [page(1_000, 200), page(800, 10), page(2_000, 200), [inboxRow(groupId, 1_700), ...page(1_000, 199)]];
  const inboxPage = async () => pages.shift() ?? page(2_000, 200);
  const inbox = begun(await stage.inbox('bob', { readModels: { inboxPage } }));
  await hear(sent(1, 'ada'));
  await coalesced();
  expect(await take(inbox, 1)).toEqual([entry({ lastSeq: 1, unreadCount: 1 })]);
  await inbox.return?.();
});

test('other people’s marks, joining and leaving tell nothing', async () => {
  const inbox = begun(await stage.inbox('bob'));
  await hear(sent(1, 'ada'));
  await coalesced();
  await take(inbox, 1);
  await hear(readUpTo('cleo', 1));
  await hear(left('dan', 3, 1), added({ eve: 'member' }, 4, 1));
  await coalesced();
  const waiting = inbox.next();
  await inbox.return?.();
  expect(await waiting).toEqual({ done: true, value: undefined });
});

describe('leaving', () => {
  test('is told at once, with nothing of what came after it', async () => {
    const inbox = begun(await stage.inbox('bob'));
    await hear(sent(1, 'ada'));
    await hear(readUpTo('bob', 1));
    await hear(removed('bob', 3, 1), sent(2, 'ada'), sent(3, 'ada'));
    await coalesced();
    expect(await take(inbox, 1)).toEqual([entry({ lastSeq: 1, markedUpTo: 1, left: true })]);
    const nothing = inbox.next();
    await hear(sent(4, 'ada'));
    await coalesced();
    await inbox.return?.();
    expect(await nothing).toMatchObject({ done: true });
  });

  test('takes the place of what waited for a slow subscriber', async () => {
    const inbox = begun(await stage.inbox('bob'));
    await hear(sent(1, 'ada'));
    await coalesced();
    await hear(removed('bob', 3, 1));
    expect(await take(inbox, 1)).toEqual([entry({ lastSeq: 1, left: true })]);
    await inbox.return?.();
  });

  test('is told also where a mark of one’s own has reached the log after it', async () => {
    const inbox = begun(await stage.inbox('bob'));
    await hear(sent(1, 'ada'), removed('bob', 3, 1));
    await hear(readUpTo('bob', 1));
    await coalesced();
    expect(await take(inbox, 1)).toEqual([entry({ lastSeq: 1, left: true })]);
    await inbox.return?.();
  });

  test('that the feed has not brought yet, and the group’s state knows, keeps the group from being told of', async () => {
    const inbox = begun(await stage.inbox('bob'));
    await hear(sent(1, 'ada'));
    await coalesced();
    stage.hold();
    await stage.order('ada', { type: 'RemoveMember', userId: 'bob' }, 'remove');
    const told = take(inbox, 1);
    await coalesced();
    stage.release();
    expect(await told).toEqual([entry({ lastSeq: 1, left: true })]);
    await inbox.return?.();
  });

  test('and returning is told as standing there again', async () => {
    const inbox = begun(await stage.inbox('bob'));
    await hear(removed('bob', 3), sent(1, 'ada'), added({ bob: 'member' }, 4, 1), sent(2, 'ada'));
    await coalesced();
    expect(await take(inbox, 1)).toEqual([entry({ lastSeq: 2, unreadCount: 1 })]);
    await inbox.return?.();
  });
});

test('what was read after leaving does not stand for a mark before it', async () => {
  const inbox = begun(await stage.inbox('bob'));
  await hear(removed('bob', 3), sent(1, 'ada'), added({ bob: 'member' }, 4, 1), sent(2, 'ada'));
  await hear(readUpTo('bob', 2));
  expect(await take(inbox, 1)).toEqual([entry({ left: true })]);
  await inbox.return?.();
});

test('a group that an old row still shows is let go', async () => {
  await hear(removed('bob', 3));
  const inbox = begun(await stage.inbox('bob'));
  expect(stage.feed.listenerCount()).toBe(2);
  const waiting = inbox.next();
  await hear(sent(1, 'ada'));
  await coalesced();
  expect(stage.feed.listenerCount()).toBe(1);
  await inbox.return?.();
  expect(await waiting).toMatchObject({ done: true });
});

test('a halted group tells nothing, and keeps no other from being told of', async () => {
  const counts = {
    of: vi.fn(stage.counts.of).mockRejectedValueOnce(new UndecodableEvent('by order of the test')),
  };
  const inbox = begun(await stage.inbox('bob', { counts }));
  await hear(sent(1, 'ada'));
  const told = take(inbox, 1);
  await coalesced();
  await hear(sent(2, 'ada'));
  await coalesced();
  expect(await told).toEqual([entry({ lastSeq: 2, unreadCount: 2 })]);
  await inbox.return?.();
});

test('being added is heard of while the inbox is still being read', async () => {
  const reading = Promise.withResolvers<readonly InboxRow[]>();
  const starting = stage.inbox('eve', { readModels: { inboxPage: () => reading.promise } });
  await hear(added({ eve: 'member' }, 5));
  reading.resolve([]);
  const inbox = begun(await starting);
  await coalesced();
  expect(await take(inbox, 1)).toEqual([entry({})]);
  await hear(sent(1, 'ada'));
  await coalesced();
  expect(await take(inbox, 1)).toEqual([entry({ lastSeq: 1, unreadCount: 1 })]);
  await inbox.return?.();
});

test('a group that moves to the front while many pages are read is not missed', async () => {
  const rows = Array.from({ length: 450 }, (_, index) => inboxRow(`g-${index}`, 1_000 - index));
  let pages = 0;
  const inboxPage = async (_: string, before: number | undefined, limit: number) => {
    pages += 1;
    // The group of the last page has a new message when the first page was read.
    if (pages === 2) rows.unshift(inboxRow(groupId, 2_000));
    return rows.filter(({ activityPosition }) => before === undefined || activityPosition < before).slice(0, limit);
  };
  const inbox = begun(await stage.inbox('bob', { readModels: { inboxPage } }));
  await hear(sent(1, 'ada'));
  await coalesced();
  expect(await take(inbox, 1)).toEqual([entry({ lastSeq: 1, unreadCount: 1 })]);
  expect(pages).toBe(4);
  await inbox.return?.();
});

test('while a store is away it is asked again, and the inbox goes on', async () => {
  let isAway = true;
  const counts = {
    of: async (id: string) => {
      if (isAway) throw new LogUnavailable('by order of the test');
      return stage.counts.of(id);
    },
  };
  const inbox = begun(await stage.inbox('bob', { counts }));
  await hear(sent(1, 'ada'));
  const told = take(inbox, 1);
  await coalesced();
  await coalesced();
  isAway = false;
  await coalesced();
  expect(await told).toEqual([entry({ lastSeq: 1, unreadCount: 1 })]);
  await inbox.return?.();
});

describe('a start that fails leaves nobody listening', () => {
  test('where it is behind', async () => {
    stage.behind = true;
    expect(await stage.inbox('bob')).toMatchObject({ refused: { kind: 'behind' } });
  });

  test('where the read models are away, at once or at a later page', async () => {
    const away = () => Promise.reject(new ReadModelsUnavailable('by order of the test'));
    await expect(stage.inbox('bob', { readModels: { inboxPage: away } })).rejects.toThrow(ReadModelsUnavailable);
    const full = Array.from({ length: 200 }, (_, index) => inboxRow(`g-${index}`, 1_000 - index));
    const inboxPage = vi.fn<() => Promise<InboxRow[]>>().mockResolvedValueOnce(full).mockImplementation(away);
    await expect(stage.inbox('bob', { readModels: { inboxPage } })).rejects.toThrow(ReadModelsUnavailable);
    await expect(stage.inbox('bob', { freshness: { atLeast: away } })).rejects.toThrow(ReadModelsUnavailable);
  });

  test('where the token ends meanwhile: nothing of a page that comes after it is listened to', async () => {
    const reading = Promise.withResolvers<readonly InboxRow[]>();
    const starting = stage.inbox('bob', { readModels: { inboxPage: () => reading.promise } });
    await vi.advanceTimersByTimeAsync(0);
    stage.now = 1_000_000;
    await vi.advanceTimersByTimeAsync(1_000_000);
    expect(stage.feed.listenerCount()).toBe(0);
    reading.resolve(stage.inboxRows);
    expect(await begun(await starting).next()).toMatchObject({ done: true, value: { kind: 'unauthenticated' } });
  });

  test('where the subscriber goes before anything was asked for', async () => {
    await begun(await stage.inbox('bob')).return?.();
  });
});
