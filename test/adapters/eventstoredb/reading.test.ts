import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openEventStoreLog, UnsupportedPosition } from '../../../src/adapters/eventstoredb/event-log.ts';
import { decodeEvent, UndecodableEvent } from '../../../src/events/codec.ts';
import { type EventLog, noStream, type RecordedEvent, startOfLog } from '../../../src/ports/event-log.ts';
import type { ProposedEvent } from '../../../torture/scripted/memory-log.ts';
import { type ScriptedServer, startScriptedServer } from '../../../torture/scripted/server.ts';
import { appendedAt, marks } from '../../contract/event-log-samples.ts';

let server: ScriptedServer;
let log: EventLog;

beforeEach(async () => {
  server = await startScriptedServer();
  log = await openEventStoreLog({ url: server.url });
});
afterEach(async () => {
  await log.close();
  server.stop();
});

/** What another program writes into the same server. */
function write(streamName: string, event: Partial<ProposedEvent> = {}): void {
  const { length } = server.log.stream(streamName);
  const written = {
    id: `00000000-0000-4000-8000-${String(server.log.events.length).padStart(12, '0')}`,
    type: 'ReadUpTo',
    contentType: 'application/json',
    data: Buffer.from('{}'),
    metadata: Buffer.from('{}'),
  };
  server.log.append(streamName, length - 1, [{ ...written, ...event }]);
}

/** Everything after the start of the log, by a subscription that ends where it has caught up. */
async function followed(): Promise<readonly RecordedEvent[]> {
  const events: RecordedEvent[] = [];
  for await (const batch of log.subscribe(startOfLog, new AbortController().signal)) {
    events.push(...batch.events);
    if (batch.caughtUp) break;
  }
  return events;
}

describe('what others have written into our streams', () => {
  const broken = [
    ['JSON that is none', { data: Buffer.from('{"upTo": ') }, { data: '{"upTo": ' }],
    ['no data at all', { data: Buffer.alloc(0) }, { data: '' }],
    ['JSON that is no text', { data: Buffer.from([0x22, 0xff, 0x22]) }, { data: 'Iv8i', binary: true }],
    [
      'bytes',
      { contentType: 'application/octet-stream', data: Buffer.from([1, 2, 3]) },
      { data: 'AQID', binary: true },
    ],
    ['metadata that is no JSON', { metadata: Buffer.from([7]) }, { metadata: '\u0007' }],
    ['a type that nobody knows', { type: 'SomethingElse' }, { type: 'SomethingElse' }],
  ] as const;

  test.each(broken)(
    '%s comes through as it is, is undecodable by itself, and holds up nothing',
    async (_, event, seen) => {
      await log.append('group-a', noStream, marks(0, 1));
      write('group-b', event);
      await log.append('group-a', 0, marks(1, 1));
      for (const events of [await log.readAll(startOfLog, 10), await followed()]) {
        expect(events.map(({ streamName }) => streamName)).toEqual(['group-a', 'group-b', 'group-a']);
        const [before, foreign, after] = events as [RecordedEvent, RecordedEvent, RecordedEvent];
        expect(foreign).toMatchObject(seen);
        expect(() => decodeEvent(foreign)).toThrow(UndecodableEvent);
        expect([before, after].map((own) => decodeEvent(own).event.type)).toEqual(['ReadUpTo', 'ReadUpTo']);
      }
    },
  );

  test('text of JSON is not written anew: numbers, order and repeated keys stay as they were', async () => {
    const data = '{ "b": 1.0, "2": 1e3, "1": 0, "b": 12345678901234567890 }';
    write('group-a', { data: Buffer.from(data), metadata: Buffer.from(data) });
    const [event] = await log.readStream('group-a', 0, 1);
    expect(event).toMatchObject({ data, metadata: data });
    await log.append(
      'group-b',
      noStream,
      marks(0, 1).map((mark) => ({ ...mark, data, metadata: data })),
    );
    expect(server.log.stream('group-b').map((stored) => Buffer.from(stored.data).toString())).toEqual([data]);
  });

  test('an event of a transaction, which has no position of its own, is an error and no gap', async () => {
    await log.append('group-a', noStream, marks(0, 1));
    const [event] = server.log.events;
    if (event === undefined) throw new Error('nothing was stored');
    server.log.appendInTransaction('group-b', event);
    await expect(log.readAll(startOfLog, 10)).rejects.toThrow(UnsupportedPosition);
    await expect(followed()).rejects.toThrow(UnsupportedPosition);
    // In anybody else's stream it does not matter.
    server.log.appendInTransaction('other-b', event);
    expect(await log.readStream('other-b', 0, 1)).toHaveLength(1);
  });
});

describe('other people’s streams', () => {
  test('are left out of the log, its end and subscriptions, and are read by their names', async () => {
    for (let count = 0; count < 100; count += 1) write('orders-1');
    const { position } = appendedAt(await log.append('group-a', noStream, marks(0, 2)));
    for (let count = 0; count < 2_500; count += 1) write('groups');
    const fresh = await openEventStoreLog({ url: server.url });
    expect(await fresh.endPosition()).toBe(position);
    await fresh.close();
    expect((await log.readAll(startOfLog, 10_000)).map(({ version }) => version)).toEqual([0, 1]);
    expect((await log.readAllBackwards(undefined, 1)).map(({ version }) => version)).toEqual([1]);
    expect((await log.readAllBackwards(undefined, 10)).map(({ version }) => version)).toEqual([1, 0]);
    expect((await followed()).map(({ version }) => version)).toEqual([0, 1]);
    expect(await log.readStream('orders-1', 0, 1_000)).toHaveLength(100);
    expect(await log.readStream('groups', 2_490, 1_000)).toHaveLength(10);
  });

  test('alone make a log that is empty', async () => {
    write('orders-1');
    expect(await log.endPosition()).toBe(startOfLog);
    expect(await log.readAll(startOfLog, 10)).toEqual([]);
    expect(await followed()).toEqual([]);
  });
});

test('large events are read by pages that are bounded in size', async () => {
  const data = Buffer.from(JSON.stringify({ text: 'x'.repeat(4_000_000) }));
  for (let count = 0; count < 12; count += 1) write('group-a', { data });
  expect(await log.readStream('group-a', 0, 100)).toHaveLength(12);
  expect(await log.readAll(startOfLog, 100)).toHaveLength(12);
  expect(await log.readAllBackwards(undefined, 100)).toHaveLength(12);
  expect(await followed()).toHaveLength(12);
});
