import { DeadlineExceededError } from '@eventstore/db-client';
import streamServices, { type StreamsClient } from '@eventstore/db-client/generated/streams_grpc_pb.js';
import type { AppendResp, ReadReq } from '@eventstore/db-client/generated/streams_pb.js';
import type { ServiceError } from '@grpc/grpc-js';
import { createCallArguments } from './call-arguments.ts';
import { asCommandError, asError, CallFailed } from './call-failed.ts';
import { createChannels } from './channels.ts';
import { readConnectionString } from './connection-string.ts';
import { decodeReadAnswer, type ReadAnswer } from './read-answer.ts';

/** Told what a read answers. Neither member may throw. */
export interface ReadListener {
  message(answer: ReadAnswer): void;
  /** Once, unless the read was cancelled: undefined where the server has ended it without an error. */
  ended(failure: CallFailed | undefined): void;
}

/** Ends a read; its listener is told nothing more. */
export type Cancel = () => void;

export interface Connection {
  /** Whether there are several nodes, so that a leader that is gone is replaced by another one. */
  isToCluster(): boolean;
  /**
   * Sends one append by the unary call, to be taken by a leader only, and gives its answer. A node that does not lead would
   * keep it until its deadline. Rejects with CallFailed.
   */
  append(messages: readonly Buffer[], deadlineMilliseconds: number): Promise<AppendResp>;
  /** Opens a read or a subscription. It has no deadline once it is open: its listener watches over its silence. */
  read(request: ReadReq, deadlineMilliseconds: number, listener: ReadListener): Cancel;
  /** Gives up the connection, which may be dead without having been closed; the next call opens another one. */
  renew(): void;
  /** Cancels every call and closes the connection. */
  close(): Promise<void>;
}

/**
 * The calls that a log consists of, over one connection at a time. They are made on the stubs that the client brings,
 * because its own functions parse the JSON of what they read and write, append in batches, and leave promises of their own
 * to be rejected unheard, which ends a process. See decision 0012.
 *
 * Throws ConnectionStringRefused.
 */
export function createConnection(url: string): Connection {
  const settings = readConnectionString(url);
  const channels = createChannels(settings);
  const callArguments = createCallArguments(settings);
  const cancels = new Set<Cancel>();

  async function append(messages: readonly Buffer[], deadlineMilliseconds: number): Promise<AppendResp> {
    const begun = performance.now();
    const streams = await channels.open(deadlineMilliseconds);
    const remaining = Math.max(1, deadlineMilliseconds - (performance.now() - begun));
    const { metadata, options, wasSent } = callArguments.toLeader(remaining);
    const answered = Promise.withResolvers<AppendResp>();
    const answer = (error: ServiceError | null, response?: AppendResp) => {
      if (response === undefined) answered.reject(error);
      else answered.resolve(response);
    };
    const { path, responseDeserialize } = appending;
    const call = streams.makeClientStreamRequest(path, asItIs, responseDeserialize, metadata, options, answer);
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
      // A leader that stands still says nothing, and meanwhile another one may have been elected.
      if (channels.isToCluster() && failure instanceof DeadlineExceededError) channels.giveUp(streams);
      else channels.failed(streams, failure);
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
      const { metadata, options, wasSent } = callArguments.withoutDeadline();
      const { path, requestSerialize } = reading;
      const call = streams.makeServerStreamRequest(
        path,
        requestSerialize,
        decodeReadAnswer,
        request,
        metadata,
        options,
      );
      cancelCall = () => call.cancel();
      let failed = false;
      // Stays after the call's end: what comes late must not be an uncaught exception.
      call.on('error', (error: ServiceError) => {
        failed = true;
        if (isOver) return;
        const failure = asCommandError(error);
        channels.failed(streams, failure);
        end(new CallFailed(failure, wasSent()));
      });
      // Comes after the last message, and after the error where there is one.
      call.on('end', () => {
        if (!failed) end(undefined);
      });
      call.on('data', (answer: ReadAnswer) => {
        if (!isOver) listener.message(answer);
      });
    }

    cancels.add(cancelled);
    Promise.resolve(channels.open(deadlineMilliseconds))
      .then(open)
      .catch((error: unknown) => end(error instanceof CallFailed ? error : new CallFailed(asError(error), false)));
    return cancel;
  }

  return {
    isToCluster: channels.isToCluster,
    append,
    read,
    renew: () => channels.giveUp(),
    close: async () => {
      for (const cancel of [...cancels]) cancel();
      channels.close();
    },
  };
}

const { append: appending, read: reading } = streamServices.StreamsService;
const asItIs = (message: Buffer): Buffer => message;

const drained = (call: NodeJS.EventEmitter): Promise<void> => new Promise((resolve) => call.once('drain', resolve));
