import gossip from '@eventstore/db-client/generated/gossip_pb.js';
import features from '@eventstore/db-client/generated/serverfeatures_pb.js';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import type { RecordedPlaces } from './recorded-places.ts';
import type { RecordedMessage } from './recorded-scenes.ts';

interface Decoder {
  deserializeBinary(bytes: Uint8Array): { toObject(): object };
}

const decoders: Readonly<Record<string, Decoder>> = {
  '/event_store.client.streams.Streams/Append': streams.AppendResp,
  '/event_store.client.streams.Streams/BatchAppend': streams.BatchAppendResp,
  '/event_store.client.streams.Streams/Read': streams.ReadResp,
  '/event_store.client.gossip.Gossip/Read': gossip.ClusterInfo,
  '/event_store.client.server_features.ServerFeatures/GetSupportedMethods': features.SupportedMethods,
};

/** An answer's message as plain data. */
export function decodeResponse(path: string, bytes: Uint8Array): object {
  const decoder = decoders[path];
  if (decoder === undefined) throw new Error(`no messages are known of ${path}`);
  return decoder.deserializeBinary(bytes).toObject();
}

/** What a recorded request would have been, had our server been recorded: with our positions, and a deadline to come. */
export function requestBytes(path: string, recorded: RecordedMessage, places: RecordedPlaces): Buffer {
  if (recorded.base64 === undefined) throw new Error('a long message is not recorded: see oversizedAppend');
  const bytes = Buffer.from(recorded.base64, 'base64');
  if (path.endsWith('/BatchAppend')) return Buffer.from(withDeadlineToCome(bytes).serializeBinary());
  if (!path.endsWith('Streams/Read')) return bytes;
  const request = streams.ReadReq.deserializeBinary(bytes);
  const position = request.getOptions()?.getAll()?.getPosition();
  if (position === undefined) return bytes;
  position.setCommitPosition(String(places.oursFor(Number(position.getCommitPosition()))));
  position.setPreparePosition(String(places.oursFor(Number(position.getPreparePosition()))));
  return Buffer.from(request.serializeBinary());
}

function withDeadlineToCome(bytes: Uint8Array) {
  const request = streams.BatchAppendReq.deserializeBinary(bytes);
  request
    .getOptions()
    ?.getDeadline()
    ?.setSeconds(Math.ceil(Date.now() / 1_000) + 10);
  return request;
}

/** What was too large for one append: the recordings keep only its beginning and its length. */
const oversizedData = Buffer.from(`{"t":"${'x'.repeat(1_100_000)}"}`);
const oversizedId = () => new shared.UUID().setString('6012e039-1529-4e8e-9c40-e5c44e622e30');

export function oversizedAppend(): Buffer {
  const event = new streams.AppendReq.ProposedMessage().setId(oversizedId()).setData(oversizedData);
  event.getMetadataMap().set('content-type', 'application/json').set('type', 'MessageSent');
  return Buffer.from(new streams.AppendReq().setProposedMessage(event).serializeBinary());
}

/** The correlation id and the name of the stream are those that the recorded answer has. */
export function oversizedBatch(recordedAnswer: RecordedMessage): Buffer {
  const answer = streams.BatchAppendResp.deserializeBinary(Buffer.from(recordedAnswer.base64 ?? '', 'base64'));
  const event = new streams.BatchAppendReq.ProposedMessage().setId(oversizedId()).setData(oversizedData);
  event.getMetadataMap().set('content-type', 'application/json').set('type', 'MessageSent');
  const options = new streams.BatchAppendReq.Options()
    .setStreamIdentifier(answer.getStreamIdentifier())
    .setAny(new shared.Empty());
  const request = new streams.BatchAppendReq()
    .setCorrelationId(answer.getCorrelationId())
    .setOptions(options)
    .setProposedMessagesList([event])
    .setIsFinal(true);
  return Buffer.from(request.serializeBinary());
}
