import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { createTimelineSource, furthestBehind, type TimelineEntry } from '../../src/delivery/timeline-source.ts';
import { UndecodableEvent } from '../../src/events/codec.ts';
import { deleted, edited, lunch, reacted, sent } from '../commands/events.ts';
import { begun, createStage, type Stage, take, takeAll, textOf } from './stage.ts';

let stage: Stage;
beforeEach(async () => {
  stage = createStage();
  await stage.append(...lunch);
});
afterEach(() => stage.stop());

const versions = (entries: readonly { readonly version: number }[]) => entries.map(({ version }) => version);
const upTo = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);
const messages = (from: number, to: number) => upTo(from, to).map((seq) => sent(seq, 'ada'));

async function countReads(run: () => Promise<unknown>): Promise<number> {
  let reads = 0;
  stage.log.afterReadStream = () => {
    reads += 1;
  };
  await run();
  stage.log.afterReadStream = () => undefined;
  return reads;
}

describe('what was deleted or replaced', () => {
  test('is not shown by catching up: the events keep their versions and their places', async () => {
    await stage.append(sent(1, 'ada'), sent(2, 'ada'), sent(3, 'ada'), edited(2, 'second'), edited(2, 'third'));
    await stage.append(deleted(1), edited(3, 'new'), deleted(3));
    const entries = await take(await stage.timeline('bob', 1), 8);
    expect(versions(entries)).toEqual([2, 3, 4, 5, 6, 7, 8, 9]);
    expect(entries.map(textOf)).toEqual([null, 'third', null, 'third', 'third', 7, null, 9]);
    const [first, second] = entries;
    expect(first?.kind === 'event' && first.event.data).toMatchObject({ deletedAt: expect.any(String) });
    expect(second?.kind === 'event' && second.event.data).toMatchObject({
      editedAt: expect.any(String),
      deletedAt: null,
    });
  });

  test('is not shown where it went many pages later; each page is read at most twice', async () => {
    const total = 2_000;
    await stage.append(...messages(1, total));
    await stage.append(deleted(1), edited(2, 'edited'), deleted(total));
    const timeline = await stage.timeline('bob', 1);
    const reads = await countReads(async () => {
      const entries = await take(timeline, total + 3);
      expect(versions(entries)).toEqual(upTo(2, total + 4));
      expect([entries[0], entries[1], entries[total - 1]].map((one) => one && textOf(one))).toEqual([
        null,
        'edited',
        null,
      ]);
    });
    expect(reads).toBeLessThanOrEqual(2 * Math.ceil((total + 3) / 256) + 1);
  });

  test('is read again where the newer texts are more than a subscriber may hold', async () => {
    const long = 'x'.repeat(3_900);
    await stage.append(...messages(1, 100));
    for (let seq = 1; seq <= 100; seq += 1) await stage.append(edited(seq, `${seq} ${long}`));
    const entries = await take(await stage.timeline('bob', 1), 200);
    expect(entries.map(textOf)).toEqual([...upTo(1, 100), ...upTo(1, 100)].map((seq) => `${seq} ${long}`));
  });

  test.each([
    { waiting: 0, edits: 200, characters: 1_400 },
    { waiting: 1, edits: 300, characters: 1_000 },
  ])('is not held for ever: what was shown is forgotten, with $waiting always waiting', async (one) => {
    const { waiting, edits, characters } = one;
    const timeline = await stage.timeline('bob', undefined);
    await stage.append(...messages(1, 300));
    await stage.fed();
    await take(timeline, 300 - waiting);
    for (let seq = 1; seq <= edits; seq += 1) {
      const told = take(timeline, 1);
      await stage.append(edited(seq, `${seq}`.padEnd(characters, '.')));
      await stage.fed();
      await told;
    }
    const reads = countReads(() => take(timeline, 1 + waiting));
    await stage.append(sent(301, 'ada'), edited(301, 'x'.repeat(characters)));
    expect(await reads).toBe(0);
  });

  test('is not shown out of what waits for a slow subscriber', async () => {
    const timeline = await stage.timeline('bob', undefined);
    await stage.append(sent(1, 'ada'), sent(2, 'ada'), deleted(1), edited(2, 'second'));
    await stage.fed();
    expect((await take(timeline, 4)).map(textOf)).toEqual([null, 'second', 4, 'second']);
  });

  test('is not shown out of what is read again after more came than may wait', async () => {
    const timeline = await stage.timeline('bob', undefined);
    await stage.append(...messages(1, 600));
    await stage.append(deleted(1), deleted(300), edited(600, 'last'), sent(601, 'ada'));
    await stage.fed();
    let entries: Awaited<ReturnType<typeof take<TimelineEntry>>> = [];
    const reads = await countReads(async () => {
      entries = await take(timeline, 604);
    });
    expect(reads).toBe(2);
    expect(versions(entries)).toEqual(upTo(2, 605));
    expect([0, 1, 299, 599, 602, 603].map((index) => textOf(entries[index] as never))).toEqual([
      null,
      'message 2',
      null,
      'last',
      'last',
      'message 601',
    ]);
  });

  test('is not shown where this process has appended the change and its feed has not brought it yet', async () => {
    await stage.append(sent(1, 'ada'), sent(2, 'ada'));
    const timeline = await stage.timeline('bob', 1);
    stage.hold();
    await stage.order('ada', { type: 'DeleteMessage', messageId: 'm-1' }, 'delete');
    await stage.order('ada', { type: 'EditMessage', messageId: 'm-2', text: 'edited' }, 'edit');
    expect((await take(timeline, 4)).map(textOf)).toEqual([null, 'edited', 4, 'edited']);
  });

  test('is not shown out of what waits where only this process knows of the change', async () => {
    const timeline = await stage.timeline('bob', undefined);
    await stage.append(sent(1, 'ada'), sent(2, 'ada'));
    await stage.fed();
    stage.hold();
    await stage.order('ada', { type: 'DeleteMessage', messageId: 'm-1' }, 'delete');
    await stage.order('ada', { type: 'EditMessage', messageId: 'm-2', text: 'edited' }, 'edit');
    expect((await take(timeline, 2)).map(textOf)).toEqual([null, 'edited']);
  });

  test('does not make others be read: what this process has sent meanwhile is not waited for', async () => {
    const timeline = await stage.timeline('bob', undefined);
    await stage.append(sent(1, 'ada'));
    await stage.fed();
    stage.hold();
    await stage.order('ada', { type: 'SendMessage', messageId: 'm-2', text: 'two', mentions: [] }, 'message m-2');
    const reads = await countReads(async () => expect((await take(timeline, 1)).map(textOf)).toEqual(['message 1']));
    expect(reads).toBe(0);
  });
});

describe('what comes, whatever happens between', () => {
  test('a gap in what the feed brings is read from the log', async () => {
    stage.hold();
    const timeline = await stage.timeline('bob', 1);
    await stage.append(...messages(1, 3));
    const { version } = await stage.commands.newestGroup('lunch');
    expect(version).toBe(4);
    const taken = take(timeline, 5);
    stage.release();
    await stage.append(sent(4, 'ada'), sent(5, 'ada'));
    expect(versions(await taken)).toEqual([2, 3, 4, 5, 6]);
  });

  test('what comes while a page is read is delivered once, at its place', async () => {
    await stage.append(...messages(1, 300));
    const timeline = await stage.timeline('bob', 1);
    let seq = 300;
    stage.log.afterReadStream = async () => {
      if (seq >= 310) return;
      seq += 1;
      await stage.append(sent(seq, 'ada'));
      await stage.fed();
    };
    expect(versions(await take(timeline, 310))).toEqual(upTo(2, 311));
  });

  test('one who falls too far behind while subscribed is told to resync, and that is the end', async () => {
    const timeline = await stage.timeline('bob', undefined);
    await stage.append(sent(1, 'ada'));
    for (let index = 0; index < furthestBehind; index += 1_000) {
      await stage.append(...upTo(index, index + 999).map((number) => reacted(1, 'ada', `e${number}`)));
    }
    await stage.fed();
    const { items, ending } = await takeAll(timeline);
    expect(items).toMatchObject([{ kind: 'resync', version: furthestBehind + 2 }]);
    expect(ending).toBeUndefined();
    expect(stage.feed.listenerCount()).toBe(0);
  });

  test('of a group that halts nothing more is delivered, and the subscriber is told why', async () => {
    const timeline = await stage.timeline('bob', undefined);
    await stage.append(...messages(1, 400));
    await stage.fed();
    expect(versions(await take(timeline, 300))).toEqual(upTo(2, 301));
    await stage.poison();
    await stage.fed();
    expect(await timeline.next()).toEqual({ done: true, value: { kind: 'group-halted' } });
    expect(stage.feed.listenerCount()).toBe(0);
  });

  test('so it is where the group was halted before the subscriber came', async () => {
    await stage.append(...messages(1, 3));
    await stage.fed();
    await stage.commands.group('lunch');
    stage.hold();
    await stage.poison();
    const { log, feed, policy, backlog, turn } = stage;
    const viewer = stage.viewerOf('bob');
    const options = { log, feed, policy, groupId: 'lunch', viewer, now: () => 0, backlog, turn };
    const timeline = begun(await createTimelineSource({ ...options, after: 1, newest: 9 }));
    expect(versions(await take(timeline, 3))).toEqual([2, 3, 4]);
    await expect(timeline.next()).rejects.toThrow(UndecodableEvent);
  });

  test('a log that does not show yet what was heard of is asked again, now and then', async () => {
    await stage.append(...messages(1, 3));
    const timeline = await stage.timeline('bob', 1);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const { readStream } = stage.log;
    let reads = 0;
    stage.log.readStream = async () => {
      reads += 1;
      return [];
    };
    const taken = take(timeline, 3);
    await vi.advanceTimersByTimeAsync(200);
    expect(reads).toBeGreaterThan(1);
    expect(reads).toBeLessThan(10);
    stage.log.readStream = readStream;
    await vi.advanceTimersByTimeAsync(50);
    expect(versions(await taken)).toEqual([2, 3, 4]);
  });

  test('one who waits is told when their group is halted', async () => {
    const timeline = await stage.timeline('bob', undefined);
    const next = timeline.next();
    await stage.poison();
    expect(await next).toEqual({ done: true, value: { kind: 'group-halted' } });
  });
});
