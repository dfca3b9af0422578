import { expect, test } from 'vitest';
import { type AppendResult, noStream, type RecordedEvent, startOfLog } from '../../src/ports/event-log.ts';
import type { LogFixture } from './event-log-contract.ts';
import { appendedAt, inTurn, marks, stored } from './event-log-samples.ts';

/** What the port promises to those who read a page at a time. */
export function readContract(fixture: LogFixture): void {
  test('a stream is read from a version on, at most so many, in ascending order', async () => {
    const { log } = fixture;
    const stream = fixture.stream();
    await log.append(stream, noStream, marks(0, 10));
    const versions = async (from: number, limit: number) =>
      (await log.readStream(stream, from, limit)).map(({ version }) => version);
    expect(await versions(0, 3)).toEqual([0, 1, 2]);
    expect(await versions(4, 3)).toEqual([4, 5, 6]);
    expect(await versions(8, 100)).toEqual([8, 9]);
    expect(await versions(9, 1)).toEqual([9]);
    expect(await versions(10, 5)).toEqual([]);
    expect(await versions(3, 0)).toEqual([]);
  });

  test('a stream that is missing reads as empty and has no last event', async () => {
    const { log } = fixture;
    expect(await log.readStream(fixture.stream(), 0, 10)).toEqual([]);
    expect(await log.readStreamBackwards(fixture.stream(), undefined, 10)).toEqual([]);
    expect(await log.readStreamBackwards(fixture.stream(), 5, 10)).toEqual([]);
  });

  test('a stream is read backwards from its end or from a version on, at most so many', async () => {
    const { log } = fixture;
    const stream = fixture.stream();
    await inTurn([0, 1, 2], (index) => log.append(stream, index * 700 - 1, marks(index * 700, 700)));
    const versions = async (from: number | undefined, limit: number) =>
      (await log.readStreamBackwards(stream, from, limit)).map(({ version }) => version);
    expect(await versions(undefined, 3)).toEqual([2_099, 2_098, 2_097]);
    expect(await versions(4, 3)).toEqual([4, 3, 2]);
    expect(await versions(1, 100)).toEqual([1, 0]);
    expect(await versions(0, 1)).toEqual([0]);
    expect(await versions(9_999, 1)).toEqual([2_099]);
    expect(await versions(undefined, 0)).toEqual([]);
    const whole = await log.readStreamBackwards(stream, undefined, 100_000);
    expect(whole).toEqual((await log.readStream(stream, 0, 100_000)).toReversed());
  });

  test('a stream is read whole where it is longer than any page', async () => {
    const { log } = fixture;
    const stream = fixture.stream();
    await inTurn([0, 1, 2, 3], (index) => log.append(stream, index * 900 - 1, marks(index * 900, 900)));
    expect(await stored(log, stream)).toEqual(marks(0, 3_600));
  });

  test('the log is read in the order of appends over all streams, with growing positions', async () => {
    const { log } = fixture;
    const [a, b] = [fixture.stream('a'), fixture.stream('b')];
    const before = await log.endPosition();
    await inTurn([0, 1, 2, 3], async (index) => {
      await log.append(a, index - 1, marks(index, 1));
      await log.append(b, index * 2 - 1, marks(index * 2, 2));
    });
    const events = fixture.own(await log.readAll(before, 1_000));
    expect(events.map(({ streamName, version }) => `${streamName === a ? 'a' : 'b'}${version}`)).toEqual([
      'a0',
      'b0',
      'b1',
      'a1',
      'b2',
      'b3',
      'a2',
      'b4',
      'b5',
      'a3',
      'b6',
      'b7',
    ]);
    expect(events.every(({ position }, index) => position > (events[index - 1]?.position ?? before))).toBe(true);
  });

  test('the log is read after a position, at most so many, so that pages join without gap or overlap', async () => {
    const { log } = fixture;
    const stream = fixture.stream();
    const before = await log.endPosition();
    await log.append(stream, noStream, marks(0, 10));
    const pages: RecordedEvent[] = [];
    let after = before;
    for (;;) {
      const page = await log.readAll(after, 3);
      expect(page.length).toBeLessThanOrEqual(3);
      const last = page.at(-1);
      if (last === undefined) break;
      pages.push(...page);
      after = last.position;
    }
    expect(fixture.own(pages)).toEqual(await log.readStream(stream, 0, 100));
    expect(await log.readAll(before, 0)).toEqual([]);
  });

  test('the log is read backwards from its end or from before a position, in the opposite order', async () => {
    const { log } = fixture;
    const [a, b] = [fixture.stream('a'), fixture.stream('b')];
    const before = await log.endPosition();
    await inTurn([0, 1, 2, 3], async (index) => {
      await log.append(a, index * 300 - 1, marks(index * 300, 300));
      await log.append(b, index - 1, marks(index, 1));
    });
    const forwards = fixture.own(await log.readAll(before, 10_000));
    expect(forwards).toHaveLength(1_204);
    // Others may be appending to the same store.
    const backwards = fixture.own(await log.readAllBackwards(undefined, 10_000));
    expect(backwards).toEqual(forwards.toReversed());
    const middle = backwards[500];
    const page = await log.readAllBackwards(middle?.position, 50);
    expect(page).toHaveLength(50);
    expect(page[0]?.position).toBeLessThan(middle?.position ?? 0);
    expect(fixture.own(await log.readAllBackwards(middle?.position, 10_000))).toEqual(backwards.slice(501));
    expect(await log.readAllBackwards(undefined, 0)).toEqual([]);
  });

  test('the end position is that of the newest event', async () => {
    const { log } = fixture;
    expect(await log.endPosition()).toBeGreaterThanOrEqual(startOfLog);
    const { position } = appendedAt(await log.append(fixture.stream(), noStream, marks(0, 3)));
    expect(await log.endPosition()).toBe(position);
    expect(await log.readAll(position, 10)).toEqual([]);
  });
}

/** What the port promises to those who append at the same time. */
export function concurrencyContract(fixture: LogFixture): void {
  test('of many appends at the same version exactly one is stored, and the others learn the version', async () => {
    const { log } = fixture;
    const stream = fixture.stream();
    const attempts = Array.from({ length: 50 }, (_, index) => marks(index * 2, 2));
    const results = await Promise.all(attempts.map((events) => log.append(stream, noStream, events)));
    const winners = attempts.filter((_, index) => results[index]?.kind === 'appended');
    expect(winners).toHaveLength(1);
    expect(await stored(log, stream)).toEqual(winners[0]);
    const conflicts = results.filter((result) => result.kind === 'conflict');
    expect(conflicts).toEqual(Array.from({ length: 49 }, () => ({ kind: 'conflict', actualVersion: 1 })));
  });

  test('a thousand concurrent appends over several streams are all stored, each stream in its own order', async () => {
    const { log } = fixture;
    const streams = Array.from({ length: 20 }, (_, index) => fixture.stream(`s${index}`));
    const before = await log.endPosition();
    const versions = Array.from({ length: 50 }, (_, version) => version);
    const answers = await Promise.all(
      streams.map((stream) => inTurn(versions, (version) => log.append(stream, version - 1, marks(version, 1)))),
    );
    const all = fixture.own(await log.readAll(before, 10_000));
    expect(all).toHaveLength(1_000);
    for (const [index, stream] of streams.entries()) {
      const events = await log.readStream(stream, 0, 1_000);
      expect(events.map(({ eventId }) => eventId)).toEqual(marks(0, 50).map(({ eventId }) => eventId));
      expect(events.map(asAnswer)).toEqual(answers[index]);
      expect(all.filter(({ streamName }) => streamName === stream)).toEqual(events);
    }
  });

  test('appends that do not wait for one another are stored in the order in which they were called', async () => {
    const { log } = fixture;
    const stream = fixture.stream();
    const results = await Promise.all(
      Array.from({ length: 100 }, (_, version) => log.append(stream, version - 1, marks(version, 1))),
    );
    // A store that reorders them may refuse some, but what it says it has stored must be there.
    const accepted = results.filter((result) => result.kind === 'appended');
    expect(await log.readStream(stream, 0, 1_000)).toHaveLength(accepted.length);
    expect(accepted.map(({ version }) => version)).toEqual(accepted.map((_, index) => index));
  });
}

const asAnswer = ({ version, position }: RecordedEvent): AppendResult => ({ kind: 'appended', version, position });
