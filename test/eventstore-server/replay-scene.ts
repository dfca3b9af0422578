import { once } from 'node:events';
import { type ClientHttp2Session, connect } from 'node:http2';
import { expect } from 'vitest';
import { expectedAnswer } from './answers-alike.ts';
import { type RawAnswer, type RawCall, startRawCall } from './raw-call.ts';
import { decodeResponse, oversizedAppend, oversizedBatch, requestBytes } from './recorded-messages.ts';
import type { RecordedPlaces } from './recorded-places.ts';
import type { Headers, RecordedCall, RecordedMessage } from './recorded-scenes.ts';

export interface Replay {
  readonly port: number;
  readonly places: RecordedPlaces;
  /** What this server says otherwise, and on purpose: gets the recorded message, gives the one to expect. */
  readonly changed?: (path: string, recorded: object) => object;
}

/**
 * Says what a client said, call by call, and checks every header, message, trailer and end of what comes back. Calls that
 * the client left open are cancelled in the end; each of the later calls is made once those have brought everything that
 * they had brought by then in the recording.
 */
export async function replayCalls(calls: readonly RecordedCall[], replay: Replay): Promise<void> {
  const session = connect(`http://127.0.0.1:${replay.port}`);
  try {
    const open: { readonly recorded: RecordedCall; readonly call: RawCall }[] = [];
    for (const [index, recorded] of calls.entries()) {
      for (const earlier of open) await earlier.call.responses(countBefore(calls.slice(index), earlier.recorded));
      const call = begin(session, recorded, replay);
      if (recorded.ended?.startsWith('by the server')) expectSame(recorded, await call.ended(), replay);
      else open.push({ recorded, call });
    }
    for (const { recorded, call } of open) {
      await call.responses(recorded.responses.length);
      await roundTrip(session);
      expectSame(recorded, call.cancel(), replay);
    }
  } finally {
    session.close();
    if (!session.destroyed) await once(session, 'close');
  }
}

function begin(session: ClientHttp2Session, recorded: RecordedCall, { places }: Replay): RawCall {
  const call = startRawCall(session, recorded.requestHeaders);
  for (const request of recorded.requests) {
    if (request.bytes === undefined) call.send(requestBytes(recorded.path, request, places));
    else call.send(recorded.path.endsWith('/Append') ? oversizedAppend() : oversizedBatch(recorded.responses[0] ?? {}));
  }
  // A BatchAppend stays open for further appends.
  if (recorded.ended !== null) call.endRequests();
  return call;
}

/** How many messages an open call had brought before the first of these calls had any effect on it. */
function countBefore(laterCalls: readonly RecordedCall[], open: RecordedCall): number {
  const [next] = laterCalls;
  const appended = Math.min(
    ...(next === undefined ? [] : next.responses.flatMap((response) => placesIn(next, response))),
  );
  const first = open.responses.findIndex((response) => placesIn(open, response).some((place) => place >= appended));
  return first === -1 ? open.responses.length : first;
}

/** Every commit position that a recorded message names. */
function placesIn(call: RecordedCall, response: RecordedMessage): readonly number[] {
  const text = JSON.stringify(recordedResponse(call.path, response));
  return [...text.matchAll(/"commitPosition":"(\d+)"/g)]
    .map(([, digits]) => Number(digits))
    .filter((place) => place > 0);
}

function expectSame(recorded: RecordedCall, ours: RawAnswer, { places, port, changed }: Replay): void {
  expect(dated(ours.headers)).toEqual(recorded.responseHeaders);
  expect(ours.messages.map((bytes) => decodeResponse(recorded.path, bytes))).toEqual(
    recorded.responses.map((response, index) => {
      const message = recordedResponse(recorded.path, response);
      const mine = decodeResponse(recorded.path, ours.messages[index] ?? Buffer.alloc(0));
      return expectedAnswer(changed?.(recorded.path, message) ?? message, mine, places, port);
    }),
  );
  expect(ours.trailers).toEqual(recorded.trailers);
  expect(ours.headersOnly).toBe(recorded.ended === 'by the server, headers only');
}

function recordedResponse(path: string, { base64, message = {} }: RecordedMessage): object {
  return base64 === undefined ? message : decodeResponse(path, Buffer.from(base64, 'base64'));
}

function dated(headers: Headers | undefined): Headers | undefined {
  const { date } = headers ?? {};
  return Number.isNaN(Date.parse(String(date))) ? headers : { ...headers, date: 'DATE' };
}

/** Whatever the server had sent before has arrived after this. */
async function roundTrip(session: ClientHttp2Session): Promise<void> {
  const call = startRawCall(session, {
    ':path': '/event_store.client.server_features.ServerFeatures/GetSupportedMethods',
    'content-type': 'application/grpc',
    te: 'trailers',
  });
  call.send(Buffer.alloc(0));
  call.endRequests();
  await call.ended();
}
