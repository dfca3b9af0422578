import {
  ANY,
  type AppendExpectedRevision,
  binaryEvent,
  jsonEvent,
  NO_STREAM,
  STREAM_EXISTS,
} from '@eventstore/db-client';
import { describe, expect, test } from 'vitest';
import { noStream } from '../../src/ports/event-log.ts';
import { collect, numbered, stored, unary, wire } from './wire-client.ts';

const ways = [
  ['Append', unary],
  ['BatchAppend', {}],
] as const;

describe.each(ways)('appends by %s', (_, way) => {
  const at = (expectedRevision: AppendExpectedRevision) => ({ expectedRevision, ...way });

  test('the same events again at the same revision are answered as the first time, however much came after', async () => {
    const { client } = await wire();
    const first = await client.appendToStream('a', [numbered(1), numbered(2)], at(NO_STREAM));
    await client.appendToStream('a', [numbered(3)], at(1n));
    expect(await client.appendToStream('a', [numbered(1), numbered(2)], at(NO_STREAM))).toEqual(first);
    expect(await collect(client.readStream('a'))).toHaveLength(3);
  });

  test('a prefix, or the rest, of what was appended is a repetition at its own revision', async () => {
    const { client } = await wire();
    const whole = await client.appendToStream('a', [numbered(1), numbered(2), numbered(3)], at(NO_STREAM));
    expect(await client.appendToStream('a', [numbered(1)], at(NO_STREAM))).toMatchObject({ nextExpectedRevision: 0n });
    expect(await client.appendToStream('a', [numbered(2), numbered(3)], at(0n))).toEqual(whole);
  });

  test('an old event together with a new one is a wrong version, at a revision and at any', async () => {
    const { client } = await wire();
    await client.appendToStream('a', [numbered(1), numbered(2)], at(NO_STREAM));
    for (const expected of [0n, ANY] as const) {
      const refused = client.appendToStream('a', [numbered(2), numbered(3)], at(expected));
      await expect(refused).rejects.toMatchObject({ type: 'wrong-expected-version', actualVersion: 1n });
    }
    expect(await collect(client.readStream('a'))).toHaveLength(2);
  });

  test('used ids at any are answered with the place of the event that has them', async () => {
    const { client } = await wire();
    const first = await client.appendToStream('a', [numbered(1)], at(ANY));
    await client.appendToStream('a', [numbered(2)], at(ANY));
    expect(await client.appendToStream('a', [numbered(1)], at(ANY))).toEqual(first);
    expect(await client.appendToStream('a', [numbered(1)], at(STREAM_EXISTS))).toEqual(first);
    expect(await collect(client.readStream('a'))).toHaveLength(2);
  });

  test('used ids at any are known after a restart, and are free in another stream', async () => {
    const { client, server } = await wire();
    const first = await client.appendToStream('a', [numbered(1)], at(ANY));
    await server.restart();
    expect(await client.appendToStream('a', [numbered(1)], at(ANY))).toEqual(first);
    expect(await client.appendToStream('b', [numbered(1)], at(ANY))).toMatchObject({ nextExpectedRevision: 0n });
  });

  test('two events of one id in one append are both stored', async () => {
    const { client } = await wire();
    await client.appendToStream('a', [numbered(1), numbered(1)], at(NO_STREAM));
    expect(await collect(client.readStream('a'))).toHaveLength(2);
  });

  test('many appends at any to one stream at once are all stored, once each', async () => {
    const { client } = await wire();
    const numbers = Array.from({ length: 100 }, (_item, index) => index);
    const results = await Promise.all(numbers.map((n) => client.appendToStream('a', [numbered(n)], at(ANY))));
    const revisions = results.map(({ nextExpectedRevision }) => Number(nextExpectedRevision));
    expect(revisions.toSorted((a, b) => a - b)).toEqual(numbers);
  });

  test('the same append at any many times at once is stored once, and all are told the same', async () => {
    const { client } = await wire();
    await client.appendToStream('a', [numbered(0)], at(ANY));
    const same = Array.from({ length: 20 }, () => client.appendToStream('a', [numbered(1), numbered(2)], at(ANY)));
    const [first, ...others] = await Promise.all(same);
    for (const other of others) expect(other).toEqual(first);
    expect(await collect(client.readStream('a'))).toHaveLength(3);
  });

  test('appends at any go on where somebody else has appended to the log besides', async () => {
    const { client, server } = await wire();
    await client.appendToStream('a', [numbered(1)], at(ANY));
    await server.log.append('a', 0, [stored(2)]);
    expect(await client.appendToStream('a', [numbered(3)], at(ANY))).toMatchObject({ nextExpectedRevision: 2n });
    expect(await client.appendToStream('a', [numbered(2)], at(ANY))).toMatchObject({ nextExpectedRevision: 1n });
  });

  test('stream_exists is a wrong version on a missing stream and goes on on another', async () => {
    const { client } = await wire();
    const refused = client.appendToStream('a', [numbered(1)], at(STREAM_EXISTS));
    await expect(refused).rejects.toMatchObject({ type: 'wrong-expected-version', actualVersion: NO_STREAM });
    await client.appendToStream('a', [numbered(1)], at(NO_STREAM));
    expect(await client.appendToStream('a', [numbered(2)], at(STREAM_EXISTS))).toMatchObject({
      nextExpectedRevision: 1n,
    });
  });

  test('a revision beyond the stream is a wrong version that says where it is', async () => {
    const { client } = await wire();
    await client.appendToStream('a', [numbered(1)], at(NO_STREAM));
    const refused = client.appendToStream('a', [numbered(2)], at(2n ** 63n - 1n));
    await expect(refused).rejects.toMatchObject({ type: 'wrong-expected-version', actualVersion: 0n });
  });

  test('an append without events is a success at any, and is checked like any other at a revision', async () => {
    const { client } = await wire();
    expect(await client.appendToStream('a', [], at(ANY))).toMatchObject({ success: true });
    await client.appendToStream('a', [numbered(1)], at(NO_STREAM));
    expect(await client.appendToStream('a', [], at(0n))).toMatchObject({ success: true, nextExpectedRevision: 0n });
    for (const expected of [NO_STREAM, 3n] as const) {
      await expect(client.appendToStream('a', [], at(expected))).rejects.toMatchObject({
        type: 'wrong-expected-version',
      });
    }
  });

  test('the limit is one of all events of an append together', async () => {
    const { client } = await wire();
    const half = (bytes: number) => jsonEvent({ type: 'Half', data: 'x'.repeat(bytes) });
    const refused = client.appendToStream('a', [half(600_000), half(600_000)], at(ANY));
    await expect(refused).rejects.toMatchObject({ type: 'maximum-append-size-exceeded', maxAppendSize: 1_048_576 });
    expect(await client.appendToStream('a', [half(400_000), half(400_000)], at(ANY))).toMatchObject({ success: true });
  });

  test.each([
    ['JSON', jsonEvent({ type: 'Large', data: 'x'.repeat(1_040_000) })],
    ['bytes', binaryEvent({ type: 'Large', data: new Uint8Array(1_040_000).fill(255) })],
  ])('nearly 1 MiB of %s is taken, as by an EventStoreDB', async (_kind, event) => {
    const { client } = await wire();
    await client.appendToStream('a', [event], at(NO_STREAM));
    const [resolved] = await collect(client.readStream('a'));
    expect(resolved?.event?.data).toEqual(event.data);
  });

  test('a thousand events go into one append', async () => {
    const { client } = await wire();
    const events = Array.from({ length: 1_000 }, (_item, n) => numbered(n));
    const first = await client.appendToStream('a', events, at(ANY));
    expect(first.nextExpectedRevision).toBe(999n);
    expect(await client.appendToStream('a', events, at(ANY))).toEqual(first);
  });

  test('bytes come back as they were, as do text of every script, and a NUL', async () => {
    const { client } = await wire();
    const bytes = Buffer.from(Array.from({ length: 256 }, (_item, index) => index));
    await client.appendToStream('käse-日本-🧀', [binaryEvent({ type: 'Bytes', data: bytes })], at(ANY));
    const texts = { text: 'a\u0000b é 日本 🧀' };
    await client.appendToStream('käse-日本-🧀', [jsonEvent({ type: 'Täxt', data: texts, metadata: texts })], at(ANY));
    const [first, second] = await collect(client.readStream('käse-日本-🧀'));
    expect(Buffer.from((first?.event?.data ?? []) as Uint8Array)).toEqual(bytes);
    expect(second?.event).toMatchObject({ type: 'Täxt', data: texts, metadata: texts });
    const odd = binaryEvent({ type: 'O\0dd', data: Buffer.from('a\0b'), metadata: Buffer.from('c\0d') });
    await client.appendToStream('o\0dd', [odd], at(ANY));
    const [third] = await collect(client.readStream('o\0dd'));
    expect(third?.event).toMatchObject({ streamId: 'o\0dd', type: 'O\0dd' });
    expect(Buffer.from((third?.event?.metadata ?? []) as Uint8Array).toString()).toBe('c\0d');
  });

  test('the metadata of a stream cannot be set', async () => {
    const { client } = await wire();
    await expect(client.setStreamMetadata('a', { maxCount: 2 }, way)).rejects.toThrow('stream metadata');
    expect(await client.getStreamMetadata('a')).toEqual({ streamName: 'a' });
  });
});

describe('bad requests, by Append', () => {
  test('an id that is no UUID and an empty stream name are UNKNOWN', async () => {
    const { client } = await wire();
    const badId = jsonEvent({ id: 'not-a-uuid', type: 'Numbered', data: {} });
    await expect(client.appendToStream('a', [badId], unary)).rejects.toMatchObject({ type: 'unknown', code: 2 });
    await expect(client.appendToStream('', [numbered(1)], unary)).rejects.toMatchObject({ type: 'unknown', code: 2 });
  });

  test('metadata that is not UTF-8 is refused in so many words, and nothing of its append is stored', async () => {
    const { client, server } = await wire();
    const bytes = new Uint8Array([0xff, 0xfe]);
    const event = binaryEvent({ type: 'Bytes', data: Buffer.from(bytes), metadata: Buffer.from(bytes) });
    const refused = client.appendToStream('a', [numbered(1), event], unary);
    await expect(refused).rejects.toThrow('not UTF-8; only the data of an event may be binary');
    await expect(refused).rejects.toMatchObject({ code: 3 });
    expect(await server.log.readStream('a', 0, 1)).toEqual([]);
  });

  test('what is done with a version of our own port is what clients see', async () => {
    const { client, server } = await wire();
    await server.log.append('group-1', noStream, [stored(1), stored(2)]);
    const refused = client.appendToStream('group-1', [numbered(3)], { expectedRevision: 0n, ...unary });
    await expect(refused).rejects.toMatchObject({ type: 'wrong-expected-version', actualVersion: 1n });
  });
});
