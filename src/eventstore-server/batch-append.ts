import type { Readable } from 'node:stream';
import type { BatchAppendReq } from '@eventstore/db-client/generated/streams_pb.js';
import { type handleBidiStreamingCall, status } from '@grpc/grpc-js';
import { AppendUnknown } from '../ports/event-log.ts';
import type { BatchError, BatchResponse } from './append-responses.ts';
import type { AppendToLog } from './append-to-log.ts';
import { type Answer, answering, refusalOf, type ServerState } from './calls.ts';
import { type ExpectedVersion, expectedByBatch } from './expected-version.ts';
import { type ProposedEvents, proposedEvents } from './proposed-events.ts';
import { AppendTooLarge, invalidArgument, Refusal } from './refusals.ts';
import { readStreamName } from './stream-name.ts';
import { readUuid } from './uuid.ts';

/** An append that comes in parts; each but the first holds events only. */
interface PendingAppend {
  readonly streamName: string;
  readonly expected: ExpectedVersion;
  readonly proposed: ProposedEvents;
  /** Milliseconds since 1970. */
  readonly deadline: number;
}

/** Whom an answer is for. */
type Addressee = Pick<BatchResponse, 'correlationId' | 'structuredId' | 'streamName'>;

/** About so many bytes are one answer. */
const answerBytes = 200;
/** So many appends of one call may be unfinished, and so many more be under way: then no more of it is read. */
const maximumPending = 1_000;
const maximumRunning = 1_000;

/**
 * Streams.BatchAppend: many appends over one call, each told apart by its correlation id and answered once, when it is
 * done. (A real EventStoreDB answers a bad one twice: at once and again at its deadline.) A server that closes takes no
 * more of them, and answers those under way.
 */
export function handleBatchAppend(
  appendToLog: AppendToLog,
  state: ServerState,
): handleBidiStreamingCall<BatchAppendReq, readonly BatchResponse[]> {
  return (call) => {
    void answering(
      call,
      state,
      () => answerBytes,
      (answer) => takeAppends(appendToLog, call, answer, state),
    );
  };
}

async function takeAppends(
  appendToLog: AppendToLog,
  requests: Readable,
  { send, ended }: Answer<BatchResponse>,
  state: ServerState,
): Promise<void> {
  const pending = new Map<string, PendingAppend>();
  const running = new Set<Promise<void>>();
  /** Rejects with the first answer that could not be sent: the call ends with it. */
  const broken = Promise.withResolvers<never>();

  async function finish(append: PendingAppend, to: Addressee): Promise<void> {
    const result = await settle(appendToLog, append, state);
    await send({ ...to, result });
  }

  async function take(request: BatchAppendReq): Promise<void> {
    const to = addresseeOf(request, pending);
    try {
      const append = addPart(request, to, pending);
      if (append === undefined) return;
      const finishing = finish(append, to)
        .catch(broken.reject)
        .finally(() => running.delete(finishing));
      running.add(finishing);
      if (running.size >= maximumRunning) await Promise.race(running);
    } catch (error) {
      pending.delete(to.correlationId);
      await send({ ...to, result: errorOf(error, state) });
    }
  }

  await Promise.race([eachMessage(requests, ended, take), broken.promise]);
  await Promise.race([Promise.all(running), broken.promise]);
}

/** Hands over the messages of a call one by one, until the client has sent the last one or the call has ended. */
function eachMessage<Message>(
  messages: Readable,
  ended: AbortSignal,
  take: (message: Message) => Promise<void>,
): Promise<void> {
  return new Promise((resolve, reject) => {
    ended.addEventListener('abort', () => resolve(), { once: true });
    messages.on('end', resolve);
    messages.on('data', (message: Message) => {
      messages.pause();
      take(message).then(() => messages.resume(), reject);
    });
  });
}

function addresseeOf(request: BatchAppendReq, pending: ReadonlyMap<string, PendingAppend>): Addressee {
  const id = request.getCorrelationId();
  // Without a readable id there is nobody to answer: that fails the call.
  const correlationId = readUuid(id);
  const identifier = request.getOptions()?.getStreamIdentifier();
  const streamName =
    identifier === undefined ? pending.get(correlationId)?.streamName : textOf(identifier.getStreamName_asU8());
  return { correlationId, structuredId: id?.hasStructured() ?? false, streamName: streamName ?? '' };
}

const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

/** The whole append, once its last part is there. Throws a Refusal. */
function addPart(
  request: BatchAppendReq,
  { correlationId }: Addressee,
  pending: Map<string, PendingAppend>,
): PendingAppend | undefined {
  const options = request.getOptions();
  if (options !== undefined) {
    if (pending.size >= maximumPending) throw invalidArgument('too many appends are unfinished');
    pending.set(correlationId, {
      streamName: readStreamName(options.getStreamIdentifier()),
      expected: expectedByBatch(options),
      proposed: proposedEvents(),
      deadline: options.getDeadline()?.toDate().getTime() ?? Number.POSITIVE_INFINITY,
    });
  }
  const append = pending.get(correlationId);
  // Parts of an append that was refused already: its answer was given.
  if (append === undefined) return undefined;
  for (const proposed of request.getProposedMessagesList()) append.proposed.add(proposed);
  if (!request.getIsFinal()) return undefined;
  pending.delete(correlationId);
  return append;
}

async function settle(
  appendToLog: AppendToLog,
  append: PendingAppend,
  state: ServerState,
): Promise<BatchResponse['result']> {
  if (append.deadline <= Date.now()) return { kind: 'timeout' };
  try {
    return await appendToLog(append.streamName, append.expected, append.proposed.events);
  } catch (error) {
    return errorOf(error, state);
  }
}

function errorOf(error: unknown, { onFault }: ServerState): BatchError {
  if (error instanceof AppendTooLarge) return { kind: 'tooLarge', limit: error.limit };
  if (error instanceof Refusal && error.code !== status.UNIMPLEMENTED)
    return { kind: 'badRequest', message: error.message };
  if (error instanceof AppendUnknown) return { kind: 'timeout' };
  const { code, message } = refusalOf(error, onFault);
  return { kind: 'failed', code, message };
}
