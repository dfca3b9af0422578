import { expect, test, vi } from 'vitest';
import type { Connection, ReadListener } from '../../../src/adapters/eventstoredb/connection.ts';
import type { ReadAnswer } from '../../../src/adapters/eventstoredb/read-answer.ts';
import type { Reads } from '../../../src/adapters/eventstoredb/reads.ts';
import { subscribeOnce } from '../../../src/adapters/eventstoredb/subscription.ts';
import { superviseSubscription } from '../../../src/adapters/eventstoredb/supervised-subscription.ts';

/** What is thrown in an event of a call, or in a timer, would be nobody's and end the process. Here it ends a subscription. */

const eventAt = (position: number): ReadAnswer => ({
  event: {
    id: crypto.randomUUID(),
    streamName: 'group-g',
    revision: 0,
    commit: position,
    prepare: position,
    properties: { type: 'T', 'content-type': 'application/json', created: '0' },
    metadata: Buffer.alloc(0),
    data: Buffer.alloc(0),
  },
});

/** A connection whose reads the test answers. */
function createConnection() {
  const listeners: ReadListener[] = [];
  const cancel = vi.fn();
  const connection = {
    read: (_request: unknown, _deadline: number, listener: ReadListener) => {
      listeners.push(listener);
      return cancel;
    },
    renew: vi.fn(),
  } as unknown as Connection;
  return { connection, listeners, cancel };
}

test.each(['heard', 'events', 'reached'] as const)(
  'a subscriber whose %s throws ends the subscription with it, and nothing counts as reached',
  async (member) => {
    const { connection, listeners, cancel } = createConnection();
    const reached = vi.fn();
    const subscriber = { heard: vi.fn(), events: vi.fn(), reached, [member]: () => fails() };
    const subscribed = subscribeOnce(connection, 'start', 1_000, subscriber, new AbortController().signal);
    listeners[0]?.message(eventAt(1));
    await expect(subscribed).rejects.toThrow('a listener broke');
    expect(cancel).toHaveBeenCalled();
    expect(reached).not.toHaveBeenCalled();
  },
);

test('a silence that cannot be examined is a fault, and the subscription is resumed', async () => {
  const { connection, listeners } = createConnection();
  const reads = { endPosition: async () => 1, lookAfter: async () => fails() } as unknown as Reads;
  vi.mocked(connection.renew).mockImplementation(fails);
  const abort = new AbortController();
  const faults: string[] = [];
  const supervised = superviseSubscription(connection, reads, {
    deadlineMilliseconds: 1_000,
    silenceMilliseconds: 5,
    backoff: { first: 1, most: 1 },
    onFault: (fault) => faults.push(fault.kind),
    onResumed: () => {},
  });
  const running = supervised({ restart: vi.fn(), events: vi.fn(), announced: vi.fn(), newest: () => 1 }, abort.signal);
  await vi.waitFor(() => expect(listeners.length).toBeGreaterThan(1));
  expect(faults).toContain('silent');
  abort.abort();
  await running;
});

function fails(): never {
  throw new Error('a listener broke');
}
