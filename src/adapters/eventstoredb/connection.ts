import { convertToCommandError, UnavailableError } from '@eventstore/db-client';
import streamServices, { type StreamsClient } from '@eventstore/db-client/generated/streams_grpc_pb.js';
import type { AppendReq, AppendResp, ReadReq, ReadResp } from '@eventstore/db-client/generated/streams_pb.js';
import { CallCredentials, Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { createClient } from './client.ts';
import { readConnectionString } from './connection-string.ts';

/** A call that came to nothing. */
export class CallFailed extends Error {
  override readonly name = 'CallFailed';
  /** False only where it is certain that nothing of the call has left this process. */
  readonly sent: boolean;

  /** `error` is one of the client's own, such as AccessDeniedError. */
  constructor(error: Error, sent: boolean) {
    super(error.message, { cause: error });
    this.sent = sent;
  }
}

/** Told what a read answers. Neither member may throw. */
export interface ReadListener {
  message(response: ReadResp): void;
  /** Once, unless the read was cancelled: undefined where the server has ended it without an error. */
  ended(failure: CallFailed | undefined): void;
}

/** Ends a read; its listener is told nothing more. */
export type Cancel = () => void;

export interface Connection {
  /** Sends one append by the unary call and gives its answer. Rejects with CallFailed. */
  append(messages: readonly AppendReq[], deadlineMilliseconds: number): Promise<AppendResp>;
  /** Opens a read or a subscription. It has no deadline once it is open: its listener watches over its silence. */
  read(request: ReadReq, deadlineMilliseconds: number, listener: ReadListener): Cancel;
  /** Gives up the connection, which may be dead without having been closed; the next call opens another one. */
  renew(): void;
  /** Cancels every call and closes the connection. */
  close(): Promise<void>;
}

/**
 * The client's connection: connection strings, TLS, credentials, discovery and following the leader are the client's own.
 * The calls are made on its generated stubs, because its own functions parse the JSON of what they read and write, append
 * in batches, and leave promises of their own to be rejected unheard, which ends a process. See decision 0012.
 *
 * Throws ConnectionStringRefused.
 */
export function createConnection(url: string): Connection {
  const client = createClient(readConnectionString(url));
  const cancels = new Set<Cancel>();
  const givenUp = new WeakSet<StreamsClient>();
  let current: StreamsClient | undefined;
  let closed = false;

  async function stub(deadlineMilliseconds: number): Promise<StreamsClient> {
    if (closed) throw new CallFailed(new Error('the event log is closed'), false);
    const opening: Promise<StreamsClient> = client['getGRPCClient'](streamServices.StreamsClient, 'highwater');
    try {
      // Discovery of a cluster has deadlines of its own, which may add up to a minute.
      const opened = await settledWithin(opening, deadlineMilliseconds);
      if (!closed) {
        current = opened;
        return opened;
      }
    } catch (error) {
      throw new CallFailed(asError(error), false);
    } finally {
      if (closed) opening.then((late) => late.close()).catch(() => {});
    }
    throw new CallFailed(new Error('the event log is closed'), false);
  }

  /** The client's own reaction to an error: on some it closes the connection, and perhaps turns to the leader. */
  async function react(failed: StreamsClient, error: Error): Promise<void> {
    try {
      // Twice for one connection would make the client forget the next one without closing it.
      if (givenUp.has(failed) || !client['shouldReconnect'](error)[0]) return;
      givenUp.add(failed);
      await client['handleError'](failed, error);
    } catch {
      // Only reached where discovery fails meanwhile; the next call meets the same fault and says so.
    }
  }

  /** Arguments for a call that also tell whether it got as far as a connection. */
  function callArguments(deadlineMilliseconds: number | undefined) {
    let sent = false;
    // Asked for its metadata when an open connection has been chosen, right before the call is sent on it.
    const witness = CallCredentials.createFromMetadataGenerator((_, callback) => {
      sent = true;
      callback(null, new Metadata());
    });
    const [metadata, options] = client['callArguments'](
      deadlineMilliseconds === undefined ? {} : { deadline: deadlineMilliseconds },
      deadlineMilliseconds === undefined ? { deadline: Number.POSITIVE_INFINITY } : {},
    );
    options.credentials = options.credentials?.compose(witness) ?? witness;
    return { metadata, options, wasSent: () => sent };
  }

  async function append(messages: readonly AppendReq[], deadlineMilliseconds: number): Promise<AppendResp> {
    const begun = performance.now();
    const streams = await stub(deadlineMilliseconds);
    const remaining = Math.max(1, deadlineMilliseconds - (performance.now() - begun));
    const { metadata, options, wasSent } = callArguments(remaining);
    const answered = Promise.withResolvers<AppendResp>();
    const call = streams.append(metadata, options, (error, response) => {
      if (error === null) answered.resolve(response);
      else answered.reject(error);
    });
    const cancel = () => call.cancel();
    cancels.add(cancel);
    call.on('error', answered.reject);
    try {
      for (const message of messages) {
        // While a long append is written, its beginning is on its way.
        if (!call.write(message)) await Promise.race([drained(call), answered.promise]);
      }
      call.end();
      return await answered.promise;
    } catch (error) {
      const failure = asCommandError(error);
      await react(streams, failure);
      throw new CallFailed(failure, wasSent());
    } finally {
      cancels.delete(cancel);
    }
  }

  function read(request: ReadReq, deadlineMilliseconds: number, listener: ReadListener): Cancel {
    let isOver = false;
    let cancelCall = (): void => {};

    function cancel(): void {
      isOver = true;
      cancels.delete(cancelled);
      cancelCall();
    }

    function end(failure: CallFailed | undefined): void {
      if (isOver) return;
      isOver = true;
      cancels.delete(cancelled);
      listener.ended(failure);
    }

    /** By the closing of the log: the listener is waiting for an answer that will not come. */
    function cancelled(): void {
      end(new CallFailed(new Error('the event log is closed'), true));
      cancelCall();
    }

    function open(streams: StreamsClient): void {
      if (isOver) return;
      const { metadata, options, wasSent } = callArguments(undefined);
      const call = streams.read(request, metadata, options);
      cancelCall = () => call.cancel();
      let failed = false;
      // Stays after the call's end: what comes late must not be an uncaught exception.
      call.on('error', (error: ServiceError) => {
        failed = true;
        if (isOver) return;
        const failure = asCommandError(error);
        void react(streams, failure).then(() => end(new CallFailed(failure, wasSent())));
      });
      // Comes after the last message, and after the error where there is one.
      call.on('end', () => {
        if (!failed) end(undefined);
      });
      call.on('data', (response: ReadResp) => {
        if (!isOver) listener.message(response);
      });
    }

    cancels.add(cancelled);
    stub(deadlineMilliseconds)
      .then(open)
      .catch((error: unknown) => end(error instanceof CallFailed ? error : new CallFailed(asError(error), false)));
    return cancel;
  }

  return {
    append,
    read,
    renew: () => {
      if (current === undefined) return;
      const unavailable = { code: status.UNAVAILABLE, details: 'silent', metadata: new Metadata() };
      void react(current, new UnavailableError(Object.assign(new Error('the server is silent'), unavailable)));
    },
    close: async () => {
      closed = true;
      for (const cancel of [...cancels]) cancel();
      await client.dispose();
      current?.close();
    },
  };
}

const drained = (call: NodeJS.EventEmitter): Promise<void> => new Promise((resolve) => call.once('drain', resolve));

function settledWithin<Result>(promise: Promise<Result>, milliseconds: number): Promise<Result> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no server was found within ${milliseconds} ms`)), milliseconds);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

/** The client's class for an error of gRPC. */
function asCommandError(error: unknown): Error {
  try {
    return convertToCommandError(asError(error));
  } catch {
    // It takes the particulars of some errors for granted.
    return asError(error);
  }
}

const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)));
