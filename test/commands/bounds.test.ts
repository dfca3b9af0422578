import { beforeEach, describe, expect, test } from 'vitest';
import type { WarmStreams } from '../../src/commands/warm-state.ts';
import { createWarmStreams } from '../../src/commands/warm-streams.ts';
import { encodeEvent } from '../../src/events/codec.ts';
import { groupStream } from '../../src/events/stream-name.ts';
import { noStream, startOfLog } from '../../src/ports/event-log.ts';
import { createHaltedGroups } from '../../src/ports/halted-groups.ts';
import { createInMemoryEventLog, type InMemoryEventLog } from '../fakes/in-memory-event-log.ts';
import { created } from './events.ts';
import { createLunch, groupEvents, message, outcome, startProcess } from './process.ts';

describe('warm streams', () => {
  let log: InMemoryEventLog;
  let streams: WarmStreams<number>;

  /** States that count their events, and weigh so much that there is room for two. */
  beforeEach(async () => {
    log = createInMemoryEventLog();
    for (const id of ['a', 'b', 'c', 'd']) {
      const metadata = { correlationId: 'c', causationId: 'c', actorId: 'ada', at: '2026-11-24T12:00:00.000Z' };
      const { data } = created();
      const event = { type: 'GroupCreated' as const, data: { ...data, groupId: id, name: 'Lunch' } };
      await log.append(groupStream(id), noStream, [encodeEvent(event, metadata, id)]);
    }
    streams = createWarmStreams({
      log,
      halted: createHaltedGroups(),
      streamName: groupStream,
      evolve: (count) => count + 1,
      snapshot: async () => ({ state: 0, version: noStream, position: startOfLog }),
      weigh: () => 10_000,
      capacityBytes: 25_000,
    });
  });
  const warm = () => ['a', 'b', 'c', 'd'].filter((id) => streams.peek(id) !== undefined);

  test('that are held are never let go, and go like others when they are released', async () => {
    const release = streams.hold('a');
    for (const id of ['a', 'b', 'c', 'd']) await streams.warm(id);
    expect(warm()).toEqual(['a', 'd']);
    release();
    for (const id of ['b', 'c']) await streams.warm(id);
    expect(warm()).toEqual(['b', 'c']);
  });

  test('that are held stay held when they are forgotten and loaded anew', async () => {
    streams.hold('a');
    await streams.warm('a');
    streams.forget('a');
    for (const id of ['a', 'b', 'c', 'd']) await streams.warm(id);
    expect(warm()).toEqual(['a', 'd']);
  });

  test('that are loading are not let go for others, and are loaded once', async () => {
    const gate = Promise.withResolvers<void>();
    let reads = 0;
    log.afterReadStream = () => {
      reads += 1;
      return reads === 1 ? gate.promise : undefined;
    };
    const loading = streams.warm('a');
    for (const id of ['b', 'c', 'd']) await streams.warm(id);
    expect(streams.size()).toBeGreaterThan(1);
    gate.resolve();
    expect((await Promise.all([loading, streams.warm('a')])).map(({ state }) => state)).toEqual([1, 1]);
    expect(reads).toBe(4);
  });

  test('that are forgotten while they are loading are loaded again', async () => {
    log.afterReadStream = () => {
      log.afterReadStream = () => undefined;
      streams.forget('a');
    };
    expect((await streams.warm('a')).state).toBe(1);
  });

  test('that do not exist leave nothing behind, however many are asked for', async () => {
    for (let number = 0; number < 1_000; number += 1) {
      await streams.warm(`nowhere-${number}`);
      await streams.newest(`nowhere-${number}`);
    }
    const release = streams.hold('nowhere');
    await streams.warm('nowhere');
    expect(streams.size()).toBe(1);
    release();
    expect([streams.size(), streams.byteLength()]).toEqual([0, 0]);
  });

  test('that fail to load leave nothing behind', async () => {
    log.afterReadStream = () => {
      throw new Error('by order of the test');
    };
    for (const id of ['a', 'b']) await expect(streams.warm(id)).rejects.toThrow('by order of the test');
    expect(streams.size()).toBe(0);
  });

  test('are replaced only as they were seen', async () => {
    const seen = await streams.warm('a');
    expect(streams.replace('a', seen, (state) => state + 10)?.state).toBe(11);
    streams.forget('a');
    await streams.warm('a');
    expect(streams.replace('a', seen, (state) => state + 10)).toBeUndefined();
    expect(streams.peek('a')?.state).toBe(1);
  });
});

describe('commands that wait', () => {
  async function heldProcess(streamBytes: number, totalBytes: number) {
    const log = createInMemoryEventLog();
    const here = startProcess(log, { waiting: { streamBytes, totalBytes } });
    await here.order('ada', createLunch);
    const gate = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    log.beforeAppend = () => {
      begun.resolve();
      return gate.promise;
    };
    const first = here.order('bob', message('first'));
    await begun.promise;
    return { log, here, first, release: gate.resolve };
  }
  const long = 'x'.repeat(2_000);

  test('are refused beyond a stream’s bound, and taken again when those before them are done', async () => {
    const { log, here, first, release } = await heldProcess(20_000, 1_000_000);
    const all = Array.from({ length: 30 }, (_, index) => here.order('bob', message(`m-${index}`, long)));
    const refused = await Promise.race([all.at(-1), all.at(-2)]);
    expect(refused && outcome(refused)).toEqual({ kind: 'too-busy' });
    release();
    const outcomes = (await Promise.all([first, ...all])).map(outcome);
    const taken = outcomes.filter((one) => 'length' in one).length;
    expect(taken).toBeGreaterThan(3);
    expect(taken).toBeLessThan(12);
    expect(groupEvents(log).filter(({ type }) => type === 'MessageSent')).toHaveLength(taken);
    expect(outcome(await here.order('bob', message('later', long)))).toHaveLength(1);
  });

  test('are taken for as long as others are done, though there is always one that waits', async () => {
    const log = createInMemoryEventLog();
    const here = startProcess(log, { waiting: { streamBytes: 20_000, totalBytes: 1_000_000 } });
    await here.order('ada', createLunch);
    const all: ReturnType<typeof here.order>[] = [];
    const next = () => void all.push(here.order('bob', message(`m-${all.length}`, long)));
    log.beforeAppend = () => {
      if (all.length < 30) next();
    };
    next();
    for (let count = 0; count < 30; count += 1) expect((await all[count]) ?? 'none').not.toHaveProperty('refused');
  });

  test('are refused beyond the bound of all streams together', async () => {
    const { here, first, release } = await heldProcess(1_000_000, 20_000);
    const ids = Array.from({ length: 30 }, (_, index) => `group-${index}`);
    const all = ids.map((groupId) => {
      const order = { ...createLunch, type: 'CreateGroup' as const, groupId, name: long.slice(0, 200), members: [] };
      return here.commands.handleGroup(groupId, {
        ...order,
        commandId: groupId,
        actorId: 'ada',
        at: '2026-11-24T12:00:00.000Z',
        correlationId: long.slice(0, 1_000),
      });
    });
    release();
    const outcomes = (await Promise.all([first, ...all])).map(outcome);
    expect(outcomes.filter((one) => 'kind' in one && one.kind === 'too-busy').length).toBeGreaterThan(15);
    expect(outcome(await here.order('bob', message('later')))).toHaveLength(1);
  });

  test('one above the bound by itself is taken when nothing else waits', async () => {
    const log = createInMemoryEventLog();
    const here = startProcess(log, { waiting: { streamBytes: 10, totalBytes: 10 } });
    await here.order('ada', createLunch);
    expect(outcome(await here.order('bob', message('a')))).toHaveLength(1);
  });
});
