import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { StreamName } from '../../src/events/stream-name.ts';
import {
  type EventLog,
  type LogBatch,
  noStream,
  type Position,
  type RecordedEvent,
} from '../../src/ports/event-log.ts';
import type { LogFixture } from './event-log-contract.ts';
import { appendedAt, inTurn, marks } from './event-log-samples.ts';

/** What the port promises to those who follow the log. */
export function subscriptionContract(fixture: LogFixture): void {
  describe('subscribing', () => {
    catchUpContract(fixture);
    liveContract(fixture);
    endContract(fixture);
  });
}

function catchUpContract(fixture: LogFixture): void {
  test('with nothing to read, one empty batch says that the subscriber has caught up', async () => {
    const { log } = fixture;
    await log.append(fixture.stream(), noStream, marks(0, 1));
    const batches = await follow(log, await log.endPosition(), ({ caughtUp }) => caughtUp);
    expect(batches).toEqual([{ events: [], caughtUp: true }]);
  });

  test('what is in the log comes first, whole and in order, and the batch that reaches the end says so', async () => {
    const { log } = fixture;
    const stream = fixture.stream();
    const before = await log.endPosition();
    await inTurn([0, 1, 2, 3], (index) => log.append(stream, index * 800 - 1, marks(index * 800, 800)));
    const batches = await follow(log, before, ({ caughtUp }) => caughtUp);
    expect(batches.slice(0, -1).every(({ caughtUp }) => !caughtUp)).toBe(true);
    expect(fixture.own(eventsOf(batches))).toEqual(await log.readStream(stream, 0, 10_000));
  });

  test('nothing at or before the given position is delivered', async () => {
    const { log } = fixture;
    const stream = fixture.stream();
    await log.append(stream, noStream, marks(0, 3));
    const middle = (await log.readStream(stream, 1, 1))[0]?.position ?? Number.NaN;
    const batches = await follow(log, middle, ({ caughtUp }) => caughtUp);
    expect(fixture.own(eventsOf(batches)).map(({ version }) => version)).toEqual([2]);
  });
}

function liveContract(fixture: LogFixture): void {
  test('an append wakes a subscriber that has caught up', async () => {
    const { log } = fixture;
    const stream = fixture.stream();
    const iterator = log.subscribe(await log.endPosition(), new AbortController().signal)[Symbol.asyncIterator]();
    expect((await iterator.next()).value?.caughtUp).toBe(true);
    const live = iterator.next();
    const { position } = appendedAt(await log.append(stream, noStream, marks(0, 2)));
    const woken = [...fixture.own((await live).value?.events ?? [])];
    // Others may be appending to the same store, and an append may come in more than one batch.
    while (woken.length < 2) woken.push(...fixture.own((await iterator.next()).value?.events ?? []));
    expect(woken).toEqual(await log.readStream(stream, 0, 10));
    expect(woken.at(-1)?.position).toBe(position);
    await iterator.return?.();
  });

  test('catching up and then following while appends run delivers everything once and in order', async () => {
    const { log } = fixture;
    // How many events each append holds, and how many appends are made before anybody subscribes.
    const plan = fc.record({
      sizes: fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 20, maxLength: 120 }),
      head: fc.integer({ min: 0, max: 20 }),
    });
    let attempt = 0;
    await fc.assert(
      fc.asyncProperty(plan, async ({ sizes, head }) => {
        attempt += 1;
        const streams = ['x', 'y', 'z'].map((name) => fixture.stream(`${name}${attempt}`));
        const before = await log.endPosition();
        const total = sizes.reduce((sum, size) => sum + size, 0);
        const append = appendTo(log, streams);
        await inTurn(sizes.slice(0, head), append);
        const running = inTurn(sizes.slice(head), append);
        const received = eventsOf(await followOwn(log, before, total, streams));
        await running;
        expect(ofStreams(received, streams)).toEqual(ofStreams(await log.readAll(before, 100_000), streams));
      }),
      { numRuns: 10, verbose: 1 },
    );
  });

  test('two subscribers, one of them later, see the same events in the same order', async () => {
    const { log } = fixture;
    const streams = [fixture.stream('x'), fixture.stream('y')];
    const before = await log.endPosition();
    const append = appendTo(log, streams);
    const early = followOwn(log, before, 400, streams);
    await inTurn(
      Array.from({ length: 20 }, () => 5),
      append,
    );
    const late = followOwn(log, before, 400, streams);
    await inTurn(
      Array.from({ length: 60 }, () => 5),
      append,
    );
    const [first, second] = [eventsOf(await early), eventsOf(await late)];
    expect(ofStreams(first, streams)).toEqual(ofStreams(second, streams));
  });

  test('a subscriber that is slow misses nothing and holds back neither appends nor other subscribers', async () => {
    const { log } = fixture;
    const streams = [fixture.stream('x')];
    const before = await log.endPosition();
    const append = appendTo(log, streams);
    const slow = log.subscribe(before, new AbortController().signal)[Symbol.asyncIterator]();
    const received = [...((await slow.next()).value?.events ?? [])];
    // It asks for nothing while all of this is appended and delivered to somebody else, more than any memory should hold.
    const quick = followOwn(log, before, 16_000, streams);
    await inTurn(
      Array.from({ length: 20 }, () => 800),
      append,
    );
    await quick;
    while (ofStreams(received, streams).length < 16_000) received.push(...((await slow.next()).value?.events ?? []));
    await slow.return?.();
    expect(ofStreams(received, streams)).toEqual(ofStreams(eventsOf(await quick), streams));
  });
}

function endContract(fixture: LogFixture): void {
  test('aborting settles a pending next, and nothing comes after it', async () => {
    const { log } = fixture;
    const abort = new AbortController();
    const iterator = log.subscribe(await log.endPosition(), abort.signal)[Symbol.asyncIterator]();
    await iterator.next();
    const pending = iterator.next();
    abort.abort();
    expect(await pending).toEqual({ done: true, value: undefined });
    await log.append(fixture.stream(), noStream, marks(0, 1));
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
  });

  test('return settles a pending next', async () => {
    const { log } = fixture;
    const iterator = log.subscribe(await log.endPosition(), new AbortController().signal)[Symbol.asyncIterator]();
    await iterator.next();
    const pending = iterator.next();
    expect(await iterator.return?.()).toEqual({ done: true, value: undefined });
    expect(await pending).toEqual({ done: true, value: undefined });
  });

  test('a signal that is aborted already delivers nothing', async () => {
    const { log } = fixture;
    const before = await log.endPosition();
    await log.append(fixture.stream(), noStream, marks(0, 1));
    const iterator = log.subscribe(before, AbortSignal.abort())[Symbol.asyncIterator]();
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
  });

  test('a subscriber that leaves in the middle of catching up does not hang and hinders nobody', async () => {
    const { log } = fixture;
    const stream = fixture.stream();
    const before = await log.endPosition();
    await inTurn([0, 1, 2], (index) => log.append(stream, index * 900 - 1, marks(index * 900, 900)));
    const batches = await follow(log, before, () => true);
    expect(batches).toHaveLength(1);
    expect(appendedAt(await log.append(stream, 2_699, marks(2_700, 1))).version).toBe(2_700);
    expect(fixture.own(eventsOf(await followOwn(log, before, 2_701, [stream])))).toHaveLength(2_701);
  });
}

/** Everything delivered after `after` up to the batch that is `last`, by a loop that then breaks off. */
async function follow(log: EventLog, after: Position, isLast: (batch: LogBatch) => boolean): Promise<LogBatch[]> {
  const batches: LogBatch[] = [];
  for await (const batch of log.subscribe(after, new AbortController().signal)) {
    batches.push(batch);
    if (isLast(batch)) break;
  }
  return batches;
}

/** As above, until so many events of these streams have come. */
function followOwn(log: EventLog, after: Position, count: number, streams: readonly StreamName[]): Promise<LogBatch[]> {
  let received = 0;
  return follow(log, after, ({ events }) => {
    received += ofStreams(events, streams).length;
    return received >= count;
  });
}

/** Appends so many events to one of the streams, each time to the next one. */
function appendTo(log: EventLog, streams: readonly StreamName[]): (size: number) => Promise<void> {
  const ends = streams.map((): number => noStream);
  let turn = 0;
  return async (size) => {
    const index = turn++ % streams.length;
    const [stream, end] = [streams[index], ends[index]];
    if (stream === undefined || end === undefined) throw new Error('there is no stream to append to');
    ends[index] = appendedAt(await log.append(stream, end, marks(end + 1, size))).version;
  };
}

const eventsOf = (batches: readonly LogBatch[]): readonly RecordedEvent[] => batches.flatMap(({ events }) => events);

const ofStreams = (events: readonly RecordedEvent[], streams: readonly string[]): readonly RecordedEvent[] =>
  events.filter(({ streamName }) => streams.includes(streamName));
