import streams from '@eventstore/db-client/generated/streams_pb.js';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { EncodedEvent } from '../../src/events/codec.ts';
import { placeOf } from '../../src/eventstore-server/places.ts';
import { startEventStoreServer } from '../../src/eventstore-server/server.ts';
import { type EventLog, noStream } from '../../src/ports/event-log.ts';
import { startWireServer, type WireServer } from '../servers/wire-server.ts';
import { createRecordedPlaces, type RecordedPlaces } from './recorded-places.ts';
import { type RecordedCall, recordedScenes } from './recorded-scenes.ts';
import { type Replay, replayCalls } from './replay-scene.ts';

/**
 * Where this server answers otherwise than an EventStoreDB, on purpose:
 *
 * - Positions count events: 1, 2, 3, …, where an EventStoreDB's count bytes, so that in between there is none. Ids of subscriptions and of the node, times
 *   and ports differ from run to run of EventStoreDB, too.
 * - ServerFeatures names only the methods that are served.
 * - Deleting and tombstoning a stream, and cutting it through its metadata, are refused as UNIMPLEMENTED.
 *
 * Everything else is compared: every header and its value, every message and its order, every trailer, every status,
 * and whether the headers alone were the answer.
 */
const served = new Set(['streams read', 'streams append', 'streams batchappend', 'gossip read']);
const isServed = ({ serviceName, methodName }: { serviceName: string; methodName: string }) =>
  served.has(`${serviceName.slice(serviceName.lastIndexOf('.') + 1)} ${methodName}`) ||
  methodName === 'getsupportedmethods';

/** What stood in the recorded server's log before the first scene. */
const standing: readonly (readonly [streamName: string, event: EncodedEvent])[] = [
  [
    '$$$scavenges',
    {
      eventId: '2e25dd11-3941-4ea5-959e-4550998e4552',
      type: '$metadata',
      data: '{"$maxAge":2592000,"$acl":{"$r":"$ops","$w":[],"$d":[],"$mr":[],"$mw":[]}}',
      metadata: '',
    },
  ],
  ['warm', { eventId: '4edba824-8600-455c-8c86-1eff3855cd8d', type: 'MessageSent', data: '{"n":0}', metadata: '' }],
  ['warm', { eventId: '805af51e-9f36-4e18-bd51-ef552b9109a0', type: 'MessageSent', data: '{"n":1}', metadata: '' }],
];

describe('what an EventStoreDB was recorded to answer, this server answers', () => {
  let server: WireServer;
  let replay: Replay;

  beforeAll(async () => {
    server = await startWireServer();
    replay = { port: server.port, places: createRecordedPlaces(), changed };
    for (const [index, [streamName, event]] of standing.entries()) {
      await server.log.append(streamName, index === 2 ? 0 : noStream, [event]);
    }
  });
  afterAll(() => server.stop());

  const scenes = recordedScenes();
  const deleting = scenes.filter(({ calls }) => calls.some(isRemoval));
  const cutting = scenes.filter(({ calls }) => calls.some(isMetadata));
  const betweenEvents = scenes.filter(({ scene }) => scene === 'read all from a position that is none');
  const apart = [...deleting, ...cutting, ...betweenEvents];
  const others = scenes.filter((scene) => !apart.includes(scene));

  test.each(others.map(({ scene, calls }) => [scene, calls] as const))('%s', (_, calls) => replayCalls(calls, replay));

  test.each(deleting.map(({ scene, calls }) => [scene, calls] as const))(
    '%s: the appends before; the removal is refused',
    async (_, calls) => {
      const removal = calls.findIndex(isRemoval);
      const reason = calls[removal]?.path.endsWith('/Delete') ? 'deleting a stream' : 'tombstoning a stream';
      await replayCalls(
        [...calls.slice(0, removal), ...calls.slice(removal, removal + 1).map(refused(reason))],
        replay,
      );
    },
  );

  test.each(cutting.map(({ scene, calls }) => [scene, calls] as const))(
    '%s: the metadata is refused; what would have been left is there',
    async (_, calls) => {
      const metadata = calls.findIndex(isMetadata);
      await replayCalls(
        [...calls.slice(0, metadata), ...calls.slice(metadata, metadata + 1).map(refused('stream metadata'))],
        replay,
      );
      await replayCalls(calls.slice(metadata + 1).map(readingFromSecond), replay);
    },
  );

  test.each(betweenEvents.map(({ scene, calls }) => [scene, calls] as const))(
    '%s: from a log that has lost an event',
    async (_, calls) => {
      const holed: EventLog = {
        ...server.log,
        readAll: async (after, limit) =>
          (await server.log.readAll(after, limit)).filter(({ position }) => position !== 1),
      };
      const { port, close } = await startEventStoreServer({ log: holed, host: '127.0.0.1', port: 0 });
      onTestFinished(close);
      const places: RecordedPlaces = { same: () => {}, oursFor: () => placeOf(1).commit };
      await replayCalls(calls, { ...replay, port, places });
    },
  );

  test('every scene was replayed', () => {
    expect([scenes.length, deleting.length, cutting.length, betweenEvents.length]).toEqual([28, 2, 1, 1]);
  });
});

const isRemoval = ({ path }: RecordedCall): boolean => path.endsWith('/Delete') || path.endsWith('/Tombstone');
const isMetadata = ({ path, requests }: RecordedCall): boolean =>
  path.endsWith('/Append') && Buffer.from(requests[0]?.base64 ?? '', 'base64').includes('$$group-m');

/** The call, as this server refuses it. */
function refused(what: string): (call: RecordedCall) => RecordedCall {
  const responseHeaders = {
    ':status': 200,
    'content-type': 'application/grpc',
    date: 'DATE',
    server: 'Kestrel',
    'content-length': '0',
    'grpc-status': '12',
    'grpc-message': `${what} is not implemented: Highwater's log keeps every event`,
  };
  return (call) => ({ ...call, responseHeaders, responses: [], trailers: null, ended: 'by the server, headers only' });
}

/** The recorded read of a stream that was cut before its event 2, as a read that starts there. */
function readingFromSecond(call: RecordedCall): RecordedCall {
  const request = streams.ReadReq.deserializeBinary(Buffer.from(call.requests[0]?.base64 ?? '', 'base64'));
  request.getOptions()?.getStream()?.setRevision('2');
  return { ...call, requests: [{ base64: Buffer.from(request.serializeBinary()).toString('base64') }] };
}

function changed(path: string, recorded: object): object {
  if (!path.endsWith('/GetSupportedMethods')) return recorded;
  const { methodsList, ...rest } = recorded as { methodsList: { serviceName: string; methodName: string }[] };
  return { ...rest, methodsList: methodsList.filter(isServed) };
}
