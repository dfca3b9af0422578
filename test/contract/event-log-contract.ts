import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { EncodedEvent } from '../../src/events/codec.ts';
import { groupStream, type StreamName } from '../../src/events/stream-name.ts';
import { type EventLog, LogUnavailable, noStream, type RecordedEvent } from '../../src/ports/event-log.ts';
import { concurrencyContract, readContract } from './event-log-order-contract.ts';
import { appendedAt, long, marks, message, samples, stored } from './event-log-samples.ts';
import { subscriptionContract } from './event-log-subscription-contract.ts';

export interface LogUnderTest {
  readonly log: EventLog;
  /** Closes the log and opens the same store again. */
  reopen(): Promise<EventLog>;
  teardown(): Promise<void>;
}

/** What every test of a log is given: the log, and names of streams that nobody else uses, so a store may be shared. */
export interface LogFixture {
  readonly log: EventLog;
  reopen(): Promise<EventLog>;
  stream(name?: string): StreamName;
  /** The events that are of this test's streams. */
  own(events: readonly RecordedEvent[]): readonly RecordedEvent[];
}

/**
 * What the port promises, for every adapter alike. Positions are only taken to grow, and the store may hold what others
 * have written; streams are named after a random run, whose name is printed.
 */
export function eventLogContract(name: string, makeLog: () => Promise<LogUnderTest>): void {
  const run = randomUUID().slice(0, 8);

  describe(`the event log contract, bound to ${name}`, () => {
    let made: LogUnderTest;
    let testNumber = 0;
    const fixture: LogFixture = {
      get log() {
        return made.log;
      },
      reopen: () => made.reopen(),
      stream: (streamName = 'a') => groupStream(`${run}-${testNumber}-${streamName}`),
      own: (events) => events.filter(({ streamName }) => streamName.startsWith(groupStream(`${run}-${testNumber}-`))),
    };

    beforeEach(async () => {
      if (testNumber === 0) console.info(`${name}: streams of this run are named ${groupStream(run)}-…`);
      testNumber += 1;
      made = await makeLog();
    });
    afterEach(() => made.teardown());

    appendContract(fixture);
    readContract(fixture);
    concurrencyContract(fixture);
    subscriptionContract(fixture);
    lifeContract(fixture);
  });
}

function appendContract(fixture: LogFixture): void {
  test('the first append to a stream is at version 0 and is read back as it was', async () => {
    const { log } = fixture;
    const stream = fixture.stream();
    const event = message(1);
    const result = appendedAt(await log.append(stream, noStream, [event]));
    expect(result.version).toBe(0);
    expect(await log.readStream(stream, 0, 10)).toEqual([
      { ...event, streamName: stream, version: 0, position: result.position, recordedAt: expect.any(Number) },
    ]);
  });

  test('an append of many events answers with the version and the position of its last one', async () => {
    const { log } = fixture;
    const stream = fixture.stream();
    await log.append(stream, noStream, marks(0, 3));
    const result = appendedAt(await log.append(stream, 2, marks(3, 4)));
    expect(result.version).toBe(6);
    expect(await log.readStreamBackwards(stream, undefined, 1)).toMatchObject([
      { version: 6, position: result.position },
    ]);
  });

  test.each([
    ['below', 0],
    ['above', 7],
    ['at noStream where there is one', noStream],
  ])('appending at a version %s the stream reports a conflict and stores nothing', async (_, expectedVersion) => {
    const { log } = fixture;
    const stream = fixture.stream();
    await log.append(stream, noStream, marks(0, 3));
    const result = await log.append(stream, expectedVersion, marks(10, 2));
    expect(result).toEqual({ kind: 'conflict', actualVersion: 2 });
    expect(await stored(log, stream)).toEqual(marks(0, 3));
  });

  test('appending to a stream that is missing, as if it were there, reports noStream and does not create it', async () => {
    const { log } = fixture;
    const stream = fixture.stream();
    expect(await log.append(stream, 4, marks(0, 1))).toEqual({ kind: 'conflict', actualVersion: noStream });
    expect(await log.readStreamBackwards(stream, undefined, 1)).toEqual([]);
  });

  test('repeating an append with the same ids is answered as the first time, even after later ones, and stores nothing', async () => {
    const { log } = fixture;
    const stream = fixture.stream();
    await log.append(stream, noStream, marks(0, 2));
    const first = await log.append(stream, 1, marks(2, 3));
    const atOnce = await log.append(stream, 1, marks(2, 3));
    await log.append(stream, 4, marks(5, 2));
    const later = await log.append(stream, 1, marks(2, 3));
    expect(atOnce).toEqual(first);
    expect(later).toEqual(first);
    expect(await stored(log, stream)).toEqual(marks(0, 7));
  });

  test('an append that is sent twice at the same time is stored once, and both are told so', async () => {
    const { log } = fixture;
    const stream = fixture.stream();
    const answers = await Promise.all([
      log.append(stream, noStream, marks(0, 2)),
      log.append(stream, noStream, marks(0, 2)),
    ]);
    expect(answers[0]?.kind).toBe('appended');
    expect(answers[1]).toEqual(answers[0]);
    expect(await stored(log, stream)).toEqual(marks(0, 2));
  });

  test('the same events under other ids are not a repetition', async () => {
    const { log } = fixture;
    const stream = fixture.stream();
    await log.append(stream, noStream, marks(0, 2));
    const others = marks(0, 2).map((event, index) => ({ ...event, eventId: marks(50, 2)[index]?.eventId ?? '' }));
    expect(await log.append(stream, noStream, others)).toEqual({ kind: 'conflict', actualVersion: 1 });
  });

  test('a conflict stores none of the events of its append', async () => {
    const { log } = fixture;
    const stream = fixture.stream();
    await log.append(stream, noStream, marks(0, 1));
    await log.append(stream, noStream, marks(1, 500));
    const after = await log.endPosition();
    expect(await stored(log, stream)).toEqual(marks(0, 1));
    await log.append(stream, 0, marks(1, 1));
    expect(fixture.own(await log.readAll(after, 10))).toHaveLength(1);
  });

  test('text of every script and line breaks, quotes and emoji come back unchanged', async () => {
    const { log } = fixture;
    const stream = fixture.stream('käse-日本-🧀');
    const events = samples.texts.map((text, index) => message(index + 1, text));
    await log.append(stream, noStream, events);
    expect(await stored(log, stream)).toEqual(events);
  });

  test('bytes that are not JSON come back as bytes', async () => {
    const { log } = fixture;
    const stream = fixture.stream();
    const event = { ...message(1), data: Buffer.from([0, 255, 128, 10]).toString('base64'), binary: true } as const;
    await log.append(stream, noStream, [event, message(2)]);
    const [bytes, json] = await log.readStream(stream, 0, 10);
    expect(bytes).toMatchObject(event);
    expect(json).not.toHaveProperty('binary');
  });

  test('an empty append is refused with a RangeError', async () => {
    await expect(fixture.log.append(fixture.stream(), noStream, [])).rejects.toThrow(RangeError);
  });

  test('an append far above what every store takes is refused with a RangeError that names the limit, and stores nothing', async () => {
    const { log } = fixture;
    const stream = fixture.stream();
    // The limit is one of all events together.
    const halves = [long(1), long(2)];
    const refused = log.append(stream, noStream, halves);
    await expect(refused).rejects.toThrow(RangeError);
    await expect(refused).rejects.toThrow(/above .*\d+/);
    expect(await log.readStreamBackwards(stream, undefined, 1)).toEqual([]);
  });

  test('an append close below the limit in bytes is taken', async () => {
    const { log } = fixture;
    const stream = fixture.stream();
    const event = long(1);
    expect((await log.append(stream, noStream, [event])).kind).toBe('appended');
    expect(await stored(log, stream)).toEqual([event]);
  });
}

function lifeContract(fixture: LogFixture): void {
  test('closing waits for the appends under way', async () => {
    const { log } = fixture;
    const stream = fixture.stream();
    const append = log.append(stream, noStream, marks(0, 5));
    await log.close();
    expect((await append).kind).toBe('appended');
  });

  test('whether appends are refused is known: not after a success or a conflict, and for the reason given once it is closed', async () => {
    const { log } = fixture;
    const stream = fixture.stream();
    expect(log.appendsRefused()).toBeUndefined();
    await log.append(stream, noStream, marks(0, 1));
    await log.append(stream, noStream, marks(1, 1));
    expect(log.appendsRefused()).toBeUndefined();
    await log.close();
    const reason = log.appendsRefused();
    expect(reason).toMatch(/closed/);
    const late = log.append(stream, 0, marks(1, 1));
    await expect(late).rejects.toThrow(LogUnavailable);
    await expect(late).rejects.toThrow(reason);
  });

  test('closing twice is closing once, and ends subscriptions', async () => {
    const { log } = fixture;
    const iterator = log.subscribe(await log.endPosition(), new AbortController().signal)[Symbol.asyncIterator]();
    await iterator.next();
    const pending = iterator.next();
    await Promise.all([log.close(), log.close()]);
    expect(await pending).toEqual({ done: true, value: undefined });
  });

  test('a log that is opened again holds everything, goes on at the same versions and still knows repetitions', async () => {
    const stream = fixture.stream();
    const events: readonly EncodedEvent[] = marks(0, 5);
    const first = await fixture.log.append(stream, noStream, events);
    const before = await fixture.log.readStream(stream, 0, 10);
    const log = await fixture.reopen();
    expect(await log.readStream(stream, 0, 10)).toEqual(before);
    expect(await log.append(stream, noStream, events)).toEqual(first);
    expect(await log.append(stream, 3, marks(9, 1))).toEqual({ kind: 'conflict', actualVersion: 4 });
    expect(appendedAt(await log.append(stream, 4, marks(5, 1))).version).toBe(5);
  });
}
