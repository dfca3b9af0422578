import { once } from 'node:events';
import { connect } from 'node:http2';
import { createServer } from 'node:net';
import { BACKWARDS, END, FORWARDS, START } from '@eventstore/db-client';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startRawCall } from './raw-call.ts';
import { collect, idOf, stored, type Wire, wire, wireOver } from './wire-client.ts';

async function wireWithEvents(count: number, text = ''): Promise<Wire> {
  const made = await wire();
  const events = Array.from({ length: count }, (_item, n) => stored(n, n % 2 === 0 ? 'Even' : 'Odd', text));
  const together = text === '' ? 100 : 10;
  for (let first = 0; first < count; first += together) {
    await made.server.log.append('a', first - 1, events.slice(first, first + together));
  }
  return made;
}

/** What comes back on a read as another client would send it. */
async function messagesOf(port: number, request: Buffer) {
  const session = connect(`http://127.0.0.1:${port}`);
  onTestFinished(() => session.close());
  const path = '/event_store.client.streams.Streams/Read';
  const call = startRawCall(session, { ':path': path, 'content-type': 'application/grpc', te: 'trailers' });
  call.send(request);
  call.endRequests();
  const { messages } = await call.ended();
  return messages.map((message) => streams.ReadResp.deserializeBinary(message));
}

const revisions = async (read: AsyncIterable<{ event?: { revision: bigint } }>) =>
  (await collect(read)).map(({ event }) => Number(event?.revision));

describe('reading a stream', () => {
  test('goes on over many pages, to the end or as far as was asked for', async () => {
    const { client } = await wireWithEvents(350);
    const all = Array.from({ length: 350 }, (_item, n) => n);
    expect(await revisions(client.readStream('a'))).toEqual(all);
    expect(await revisions(client.readStream('a', { maxCount: 250, fromRevision: 50n }))).toEqual(all.slice(50, 300));
    expect(await revisions(client.readStream('a', { direction: BACKWARDS, fromRevision: END }))).toEqual(
      all.toReversed(),
    );
  });

  test('of many sizes gives as many as were asked for, whatever they weigh', async () => {
    const made = await wire();
    const sizes = [0, 1, 1_000, 65_536, 300_000, 900_000];
    const events = Array.from({ length: 205 }, (_item, n) =>
      stored(n, 'Sized', 'x'.repeat(n < 6 ? (sizes[n] ?? 0) : n)),
    );
    for (const [version, event] of events.entries()) await made.server.log.append('a', version - 1, [event]);
    for (const maxCount of [1, 2, 99, 100, 101, 199, 200, 204, 205, 206, 2 ** 31, Number.MAX_SAFE_INTEGER]) {
      const read = await collect(made.client.readStream<{ type: 'Sized'; data: { text: string } }>('a', { maxCount }));
      const lengths = read.map(({ event }) => event?.data.text.length);
      expect(lengths).toEqual(Array.from({ length: Math.min(maxCount, 205) }, (_item, n) => (n < 6 ? sizes[n] : n)));
    }
  });

  test('that is given up after one event does not hold the server when it closes', async () => {
    const { client, port, close } = await wireOver(await wireWithEvents(205), (log) => log);
    for await (const _event of client.readStream('a')) break;
    await close();
    const again = createServer().listen(port, '127.0.0.1');
    await once(again, 'listening');
    again.close();
  }, 8_000);

  test('backwards it starts at its revision, or where that is past the end, at the last event', async () => {
    const { client } = await wireWithEvents(4);
    const read = (fromRevision: bigint) => revisions(client.readStream('a', { direction: BACKWARDS, fromRevision }));
    expect(await read(2n)).toEqual([2, 1, 0]);
    expect(await read(0n)).toEqual([0]);
    expect(await read(90n)).toEqual([3, 2, 1, 0]);
  });

  test('forwards from the end, and backwards from the start, there is nothing, or one event', async () => {
    const { client } = await wireWithEvents(4);
    expect(await revisions(client.readStream('a', { direction: FORWARDS, fromRevision: END }))).toEqual([]);
    expect(await revisions(client.readStream('a', { direction: BACKWARDS, fromRevision: START }))).toEqual([0]);
  });

  test('a missing stream is said to be missing in both directions', async () => {
    const { client } = await wire();
    for (const direction of [FORWARDS, BACKWARDS] as const) {
      const read = collect(
        client.readStream('none', { direction, fromRevision: direction === FORWARDS ? START : END }),
      );
      await expect(read).rejects.toMatchObject({ type: 'stream-not-found', streamName: 'none' });
    }
  });

  test('a read of no event is UNKNOWN', async () => {
    const { client } = await wireWithEvents(1);
    await expect(collect(client.readStream('a', { maxCount: 0 }))).rejects.toMatchObject({ type: 'unknown', code: 2 });
    await expect(collect(client.readAll({ maxCount: 0 }))).rejects.toMatchObject({ type: 'unknown', code: 2 });
  });
});

describe('reading $all', () => {
  const at = (commit: bigint) => ({ commit, prepare: commit });

  test('forwards starts at a position, included; backwards before it', async () => {
    const { client } = await wireWithEvents(5);
    const [, , third] = await collect(client.readStream('a'));
    const fromPosition = third?.event?.position ?? at(0n);
    expect(await revisions(client.readAll({ fromPosition }))).toEqual([2, 3, 4]);
    expect(await revisions(client.readAll({ fromPosition, direction: BACKWARDS }))).toEqual([1, 0]);
  });

  test('from the start and the end, in both directions, over many pages', async () => {
    const { client } = await wireWithEvents(250);
    const all = Array.from({ length: 250 }, (_item, n) => n);
    expect(await revisions(client.readAll())).toEqual(all);
    expect(await revisions(client.readAll({ direction: BACKWARDS, fromPosition: END }))).toEqual(all.toReversed());
    expect(await revisions(client.readAll({ direction: BACKWARDS, fromPosition: START }))).toEqual([]);
    expect(await revisions(client.readAll({ direction: FORWARDS, fromPosition: END }))).toEqual([]);
    expect(await revisions(client.readAll({ fromPosition: at(0n) }))).toEqual(all);
  });

  test('from beyond the end there is nothing forwards, and backwards it is UNKNOWN', async () => {
    const { client } = await wireWithEvents(3);
    for (const commit of [5n, 9n, 2n ** 52n]) {
      expect(await revisions(client.readAll({ fromPosition: at(commit) }))).toEqual([]);
      const read = collect(client.readAll({ fromPosition: at(commit), direction: BACKWARDS }));
      await expect(read).rejects.toThrow('Unexpected ReadAllResult: Error');
    }
    expect(await revisions(client.readAll({ fromPosition: at(4n) }))).toEqual([]);
    expect(await revisions(client.readAll({ fromPosition: at(4n), direction: BACKWARDS }))).toEqual([2, 1, 0]);
  });

  test('a position where no event begins is UNKNOWN in both directions', async () => {
    const made = await wireWithEvents(3);
    // Of a log that has lost an event, as a scavenged one has.
    const holed = await wireOver(made, (log) => ({
      ...log,
      readAll: async (after, limit) => (await log.readAll(after, limit)).filter(({ position }) => position !== 1),
    }));
    for (const direction of [FORWARDS, BACKWARDS] as const) {
      const read = collect(holed.client.readAll({ fromPosition: at(2n), direction }));
      await expect(read).rejects.toThrow('Unexpected ReadAllResult: Error');
    }
  });

  test('an empty log is read as empty', async () => {
    const { client } = await wire();
    expect(await revisions(client.readAll())).toEqual([]);
    expect(await revisions(client.readAll({ direction: BACKWARDS, fromPosition: END }))).toEqual([]);
  });
});

describe('what the client of this language cannot ask for', () => {
  /** A read of $all as other clients do it: filtered, and with ids in two halves. */
  function filteredRead(direction: 0 | 1, count: number): Buffer {
    const { Options } = streams.ReadReq;
    const expression = new Options.FilterOptions.Expression().setRegex('^Odd');
    const filter = new Options.FilterOptions().setEventType(expression).setMax(10).setCheckpointintervalmultiplier(1);
    const all = new Options.AllOptions();
    const options = new Options()
      .setAll(direction === 0 ? all.setStart(new shared.Empty()) : all.setEnd(new shared.Empty()))
      .setReadDirection(direction)
      .setCount(String(count))
      .setFilter(filter)
      .setUuidOption(new Options.UUIDOption().setStructured(new shared.Empty()));
    return Buffer.from(new streams.ReadReq().setOptions(options).serializeBinary());
  }

  const read = async (port: number, request: Buffer) =>
    (await messagesOf(port, request)).map((message) => message.getEvent()?.getEvent());

  test.each([
    ['forwards', 0, [1, 3, 5]],
    ['backwards', 1, [299, 297, 295]],
  ] as const)('a filtered read of $all, %s, is of as many events as match', async (_, direction, expected) => {
    const { server } = await wireWithEvents(300);
    const events = await read(server.port, filteredRead(direction, 3));
    expect(events.map((event) => Number(event?.getStreamRevision()))).toEqual(expected);
  });

  test('ids in two halves are the same ids', async () => {
    const { server } = await wireWithEvents(2);
    const [event] = await read(server.port, filteredRead(0, 1));
    const structured = event?.getId()?.getStructured();
    const hex = [structured?.getMostSignificantBits(), structured?.getLeastSignificantBits()].map((half) =>
      BigInt.asUintN(64, BigInt(half ?? 0))
        .toString(16)
        .padStart(16, '0'),
    );
    expect(hex.join('')).toBe(idOf(1).replaceAll('-', ''));
  });
});

describe('a client that asks where the stream ends', () => {
  function readFrom(revision: number): Buffer {
    const { Options } = streams.ReadReq;
    const identifier = new shared.StreamIdentifier().setStreamName(Buffer.from('a'));
    const stream = new Options.StreamOptions().setStreamIdentifier(identifier).setRevision(String(revision));
    const options = new Options()
      .setStream(stream)
      .setCount('2')
      .setNoFilter(new shared.Empty())
      .setUuidOption(new Options.UUIDOption().setString(new shared.Empty()))
      .setControlOption(new Options.ControlOption().setCompatibility(1));
    return Buffer.from(new streams.ReadReq().setOptions(options).serializeBinary());
  }

  test.each([
    ['within the stream', 1, ['event 1', 'event 2', 'last 4']],
    ['right behind it', 5, ['last 4']],
    ['beyond it', 9, ['first 5', 'last 4']],
  ])('is told after a read from %s', async (_, revision, expected) => {
    const { server } = await wireWithEvents(5);
    const messages = await messagesOf(server.port, readFrom(revision));
    const said = messages.map((message) => {
      if (message.hasEvent()) return `event ${message.getEvent()?.getEvent()?.getStreamRevision()}`;
      return message.hasFirstStreamPosition()
        ? `first ${message.getFirstStreamPosition()}`
        : `last ${message.getLastStreamPosition()}`;
    });
    expect(said).toEqual(expected);
  });
});

test('a client that does not read holds the reading of the log back, and gets everything once it does', async () => {
  const made = await wireWithEvents(400, 'x'.repeat(50_000));
  let pages = 0;
  const { client } = await wireOver(made, (log) => ({
    ...log,
    readStream: (...page) => {
      pages += 1;
      return log.readStream(...page);
    },
  }));
  const read = client.readStream('a');
  const iterator = read[Symbol.asyncIterator]();
  await iterator.next();
  // It answers others meanwhile, so it has had every opportunity to read on.
  for (let round = 0; round < 20; round += 1) await collect(client.readAll({ maxCount: 1 }));
  expect(pages).toBeLessThan(4);
  let rest = 0;
  while (!(await iterator.next()).done) rest += 1;
  expect(rest).toBe(399);
});
