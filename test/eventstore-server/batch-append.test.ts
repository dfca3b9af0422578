import { connect } from 'node:http2';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import { status } from '@grpc/grpc-js';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type RawCall, startRawCall } from './raw-call.ts';
import { idOf, wire, wireOver } from './wire-client.ts';

const correlation = (n: number) => new shared.UUID().setString(idOf(n));

function event(id: string): InstanceType<typeof streams.BatchAppendReq.ProposedMessage> {
  const proposed = new streams.BatchAppendReq.ProposedMessage().setId(new shared.UUID().setString(id));
  proposed.getMetadataMap().set('type', 'Numbered').set('content-type', 'application/json');
  return proposed.setData(Buffer.from('{}'));
}

function options(streamName: string) {
  const identifier = new shared.StreamIdentifier().setStreamName(Buffer.from(streamName));
  return new streams.BatchAppendReq.Options().setStreamIdentifier(identifier).setAny(new shared.Empty());
}

interface Part {
  readonly append: number;
  readonly streamName?: string;
  readonly ids: readonly string[];
  readonly final: boolean;
}

function part({ append, streamName, ids, final }: Part): Buffer {
  const request = new streams.BatchAppendReq()
    .setCorrelationId(correlation(append))
    .setProposedMessagesList(ids.map(event))
    .setIsFinal(final);
  if (streamName !== undefined) request.setOptions(options(streamName));
  return Buffer.from(request.serializeBinary());
}

function callTo(port: number): RawCall {
  const session = connect(`http://127.0.0.1:${port}`);
  onTestFinished(() => session.close());
  const path = '/event_store.client.streams.Streams/BatchAppend';
  return startRawCall(session, { ':path': path, 'content-type': 'application/grpc', te: 'trailers' });
}

async function batchCall() {
  const { server } = await wire();
  return { server, call: callTo(server.port) };
}

/** All answers, after the last request: each append by its number, and what became of it. */
async function answersTo(call: RawCall): Promise<readonly (readonly [append: number, answer: string])[]> {
  call.endRequests();
  const { messages, trailers } = await call.ended();
  expect(trailers).toEqual({ 'grpc-status': '0' });
  return messages.map((message) => {
    const answer = streams.BatchAppendResp.deserializeBinary(message);
    const append = Number(answer.getCorrelationId()?.getString().slice(-6));
    return [
      append,
      answer.getError()?.getMessage() ?? `revision ${answer.getSuccess()?.getCurrentRevision()}`,
    ] as const;
  });
}

describe('BatchAppend', () => {
  test('answers a bad request once, and goes on with those after it', async () => {
    const { call } = await batchCall();
    call.send(part({ append: 1, streamName: 'a', ids: ['no-uuid'], final: true }));
    call.send(part({ append: 2, streamName: '', ids: [idOf(1)], final: true }));
    call.send(part({ append: 3, streamName: 'a', ids: [idOf(2)], final: true }));
    expect(await answersTo(call)).toEqual([
      [1, 'BadRequest'],
      [2, 'BadRequest'],
      [3, 'revision 0'],
    ]);
  });

  test('says UNIMPLEMENTED to an append to a stream’s metadata, and goes on with those after it', async () => {
    const { call } = await batchCall();
    call.send(part({ append: 1, streamName: '$$a', ids: [idOf(1)], final: true }));
    call.send(part({ append: 2, streamName: 'a', ids: [idOf(2)], final: true }));
    call.endRequests();
    const { messages } = await call.ended();
    const answers = messages.map((message) => streams.BatchAppendResp.deserializeBinary(message));
    const of = (append: number) =>
      answers.find((answer) => answer.getCorrelationId()?.getString() === correlation(append).getString());
    expect(of(1)?.getError()?.getCode()).toBe(status.UNIMPLEMENTED);
    expect(of(1)?.getError()?.getMessage()).toContain('stream metadata is not implemented');
    expect(of(2)?.getSuccess()?.getCurrentRevision()).toBe('0');
  });

  test('takes an append in parts, between those of others, and stores it as one', async () => {
    const { call, server } = await batchCall();
    call.send(part({ append: 1, streamName: 'a', ids: [idOf(1)], final: false }));
    call.send(part({ append: 2, streamName: 'b', ids: [idOf(2)], final: true }));
    call.send(part({ append: 1, ids: [idOf(3)], final: false }));
    call.send(part({ append: 1, ids: [idOf(4)], final: true }));
    expect((await answersTo(call)).toSorted()).toEqual([
      [1, 'revision 2'],
      [2, 'revision 0'],
    ]);
    expect(await server.log.readStream('a', 0, 10)).toHaveLength(3);
  });

  test('answers an append whose part was refused once, and stores none of its parts', async () => {
    const { call, server } = await batchCall();
    call.send(part({ append: 1, streamName: 'a', ids: [idOf(1)], final: false }));
    call.send(part({ append: 1, ids: ['no-uuid'], final: false }));
    call.send(part({ append: 1, ids: [idOf(2)], final: true }));
    expect(await answersTo(call)).toEqual([[1, 'BadRequest']]);
    expect(await server.log.readStream('a', 0, 10)).toEqual([]);
  });

  test('stores nothing after the deadline', async () => {
    const { call, server } = await batchCall();
    const request = streams.BatchAppendReq.deserializeBinary(
      part({ append: 1, streamName: 'a', ids: [idOf(1)], final: true }),
    );
    request.setOptions(streams.BatchAppendReq.Options.deserializeBinary(withDeadlineOf1970(request)));
    call.send(Buffer.from(request.serializeBinary()));
    expect(await answersTo(call)).toEqual([[1, 'Timeout']]);
    expect(await server.log.readStream('a', 0, 10)).toEqual([]);
  });

  test('answers many appends to one stream in the order in which they came', async () => {
    const { call } = await batchCall();
    const appends = Array.from({ length: 200 }, (_, n) => n);
    for (const n of appends) call.send(part({ append: n, streamName: 'a', ids: [idOf(n)], final: true }));
    expect(await answersTo(call)).toEqual(appends.map((n) => [n, `revision ${n}`]));
  });
});

test('a server that closes answers the appends under way, and then ends the call as unavailable', async () => {
  const made = await wire();
  const [begun, goOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const slow = await wireOver(made, (log) => ({
    ...log,
    append: async (...parameters) => {
      begun.resolve();
      await goOn.promise;
      return log.append(...parameters);
    },
  }));
  const call = callTo(slow.port);
  call.send(part({ append: 1, streamName: 'a', ids: [idOf(1)], final: true }));
  await begun.promise;
  const closed = slow.close();
  goOn.resolve();
  const { messages, trailers } = await call.ended();
  const answer = streams.BatchAppendResp.deserializeBinary(messages[0] ?? Buffer.alloc(0));
  expect(answer.getSuccess()?.getCurrentRevision()).toBe('0');
  expect(trailers).toMatchObject({ 'grpc-status': '14' });
  await closed;
});

/** Field 6 of the options: a google.protobuf.Timestamp of one second. */
function withDeadlineOf1970(request: InstanceType<typeof streams.BatchAppendReq>): Uint8Array {
  const bytes = request.getOptions()?.serializeBinary() ?? new Uint8Array();
  return Buffer.concat([bytes, Buffer.from([6 * 8 + 2, 2, 8, 1])]);
}
