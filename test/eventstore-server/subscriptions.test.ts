import { once } from 'node:events';
import {
  type AllStreamSubscription,
  END,
  eventTypeFilter,
  type Position,
  START,
  type StreamSubscription,
  streamNameFilter,
} from '@eventstore/db-client';
import { describe, expect, test } from 'vitest';
import { type EventLog, noStream } from '../../src/ports/event-log.ts';
import { collect, numbered, stored, unary, wire, wireOver } from './wire-client.ts';

/** What comes, in words: numbers of events, `caughtUp` and `confirmation`. */
async function takeUntil(subscription: AllStreamSubscription | StreamSubscription, last: string) {
  const heard: string[] = [];
  const { promise, resolve, reject } = Promise.withResolvers<readonly string[]>();
  const hear = (word: string) => {
    heard.push(word);
    if (word === last) resolve(heard);
  };
  subscription.on('confirmation', () => hear('confirmation'));
  subscription.on('caughtUp', () => hear('caughtUp'));
  subscription.on('data', ({ event }) => hear(`${event?.streamId}@${event?.revision}`));
  subscription.on('error', reject);
  try {
    return await promise;
  } finally {
    await subscription.unsubscribe();
  }
}

describe('subscribing to $all', () => {
  test('brings what is there, says so, and brings what comes', async () => {
    const { client, server } = await wire();
    await server.log.append('a', noStream, [stored(1), stored(2)]);
    const subscription = client.subscribeToAll({ fromPosition: START });
    subscription.on('caughtUp', () => void client.appendToStream('b', [numbered(3)], unary));
    expect(await takeUntil(subscription, 'b@0')).toEqual(['confirmation', 'a@0', 'a@1', 'caughtUp', 'b@0']);
  });

  test('has caught up at once on an empty log, and where nothing matches', async () => {
    const { client, server } = await wire();
    expect(await takeUntil(client.subscribeToAll(), 'caughtUp')).toEqual(['confirmation', 'caughtUp']);
    await server.log.append('a', noStream, [stored(1)]);
    const filter = streamNameFilter({ prefixes: ['b'] });
    expect(await takeUntil(client.subscribeToAll({ filter }), 'caughtUp')).toEqual(['confirmation', 'caughtUp']);
  });

  test('starts after a position, and after the end', async () => {
    const { client, server } = await wire();
    await server.log.append('a', noStream, [stored(1), stored(2), stored(3)]);
    const [, second] = await collect(client.readAll());
    const fromPosition = second?.event?.position as Position;
    expect(await takeUntil(client.subscribeToAll({ fromPosition }), 'caughtUp')).toContain('a@2');
    expect(await takeUntil(client.subscribeToAll({ fromPosition }), 'caughtUp')).not.toContain('a@1');
    const fromEnd = client.subscribeToAll({ fromPosition: END });
    fromEnd.on('confirmation', () => void client.appendToStream('a', [numbered(4)], unary));
    expect(await takeUntil(fromEnd, 'a@3')).toEqual(['confirmation', 'caughtUp', 'a@3']);
  });

  test('is refused after a position that the log has not reached: it would miss everything up to it', async () => {
    const { client } = await wire();
    const subscription = client.subscribeToAll({ fromPosition: { commit: 50n, prepare: 50n } });
    await expect(takeUntil(subscription, 'caughtUp')).rejects.toMatchObject({ type: 'unknown' });
  });

  test.each([
    ['a prefix of the stream name', streamNameFilter({ prefixes: ['b', 'c'] }), ['b@0', 'c@0']],
    ['an expression for the stream name', streamNameFilter({ regex: '[ab]$' }), ['a@0', 'b@0']],
    ['a prefix of the type', eventTypeFilter({ prefixes: ['X'] }), ['a@0']],
    ['an expression for the type', eventTypeFilter({ regex: '^Y|Z' }), ['b@0', 'c@0']],
    ['an expression that only JavaScript before Unicode takes', streamNameFilter({ regex: '^\\_|^\\-|c' }), ['c@0']],
  ])('is filtered by %s', async (_, filter, expected) => {
    const { client, server } = await wire();
    for (const [name, type] of [
      ['a', 'X'],
      ['b', 'Y'],
      ['c', 'Z'],
    ] as const) {
      await server.log.append(name, noStream, [stored(1, type)]);
    }
    expect(await takeUntil(client.subscribeToAll({ filter }), 'caughtUp')).toEqual([
      'confirmation',
      ...expected,
      'caughtUp',
    ]);
  });

  test('with an expression that is none is refused', async () => {
    const { client } = await wire();
    const subscription = client.subscribeToAll({ filter: streamNameFilter({ regex: '(' }) });
    await expect(takeUntil(subscription, 'caughtUp')).rejects.toMatchObject({ code: 3 });
  });
});

describe('subscribing to a stream', () => {
  test('reads over many pages, then follows, and sees nothing of others', async () => {
    const { client, server } = await wire();
    const events = Array.from({ length: 250 }, (_item, n) => stored(n));
    await server.log.append('a', noStream, events);
    await server.log.append('b', noStream, [stored(1)]);
    const subscription = client.subscribeToStream('a', { fromRevision: 9n });
    subscription.on('caughtUp', async () => {
      await server.log.append('b', 0, [stored(2)]);
      await server.log.append('a', 249, [stored(300)]);
    });
    const heard = await takeUntil(subscription, 'a@250');
    const caughtUp = Array.from({ length: 240 }, (_item, index) => `a@${index + 10}`);
    expect(heard).toEqual(['confirmation', ...caughtUp, 'caughtUp', 'a@250']);
  });

  test('misses and doubles nothing that is appended while it catches up', async () => {
    const { client, server } = await wire();
    await server.log.append('a', noStream, [stored(0)]);
    const subscription = client.subscribeToStream('a', { fromRevision: START });
    subscription.on('confirmation', async () => {
      for (let n = 1; n < 50; n += 1) await server.log.append('a', n - 1, [stored(n)]);
    });
    const heard = (await takeUntil(subscription, 'a@49')).filter((word) => word.startsWith('a@'));
    expect(heard).toEqual(Array.from({ length: 50 }, (_item, n) => `a@${n}`));
  });

  test('after the end it brings only what comes', async () => {
    const { client, server } = await wire();
    await server.log.append('a', noStream, [stored(0)]);
    const subscription = client.subscribeToStream('a', { fromRevision: END });
    subscription.on('caughtUp', () => void server.log.append('a', 0, [stored(1)]));
    expect(await takeUntil(subscription, 'a@1')).toEqual(['confirmation', 'caughtUp', 'a@1']);
  });
});

describe('how subscriptions end', () => {
  /** Counts the subscriptions to the log that are open. */
  function counting(log: EventLog): {
    readonly log: EventLog;
    readonly open: () => number;
    readonly none: Promise<void>;
  } {
    let open = 0;
    const none = Promise.withResolvers<void>();
    return {
      open: () => open,
      none: none.promise,
      log: {
        ...log,
        async *subscribe(after, signal) {
          open += 1;
          try {
            yield* log.subscribe(after, signal);
          } finally {
            open -= 1;
            if (open === 0) none.resolve();
          }
        },
      },
    };
  }

  test('a client that leaves takes its subscription to the log with it', async () => {
    const made = await wire();
    const counted = counting(made.server.log);
    const { client } = await wireOver(made, () => counted.log);
    const [all, stream] = [client.subscribeToAll(), client.subscribeToStream('a', { fromRevision: END })];
    await Promise.all([once(all, 'caughtUp'), once(stream, 'caughtUp')]);
    await made.server.log.append('b', noStream, [stored(1)]);
    expect(counted.open()).toBe(2);
    await Promise.all([all.unsubscribe(), stream.unsubscribe()]);
    await counted.none;
  });

  test('a server that closes ends them at once, and says that it is unavailable', async () => {
    const made = await wire();
    const counted = counting(made.server.log);
    const { client, close } = await wireOver(made, () => counted.log);
    const subscription = client.subscribeToAll();
    const failed = once(subscription, 'error');
    await once(subscription, 'caughtUp');
    await Promise.all([close(), counted.none]);
    expect((await failed)[0]).toMatchObject({ type: 'unavailable' });
  });

  test('a log that fails ends them with what it says', async () => {
    const made = await wire();
    const { client } = await wireOver(made, (log) => ({
      ...log,
      // biome-ignore lint/correctness/useYield: a subscription that fails before its first batch.
      async *subscribe() {
        throw new Error('a defect');
      },
    }));
    await expect(takeUntil(client.subscribeToAll(), 'caughtUp')).rejects.toMatchObject({ code: 2 });
  });
});
