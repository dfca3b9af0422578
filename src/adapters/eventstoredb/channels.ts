import { CancelledError, NotLeaderError, UnavailableError } from '@eventstore/db-client';
import streamServices, { type StreamsClient } from '@eventstore/db-client/generated/streams_grpc_pb.js';
import { asError, CallFailed } from './call-failed.ts';
import { createChannelCredentials } from './channel-credentials.ts';
import { addressOf, createCluster } from './cluster.ts';
import type { ConnectionSettings } from './connection-string.ts';

/** The one connection to the event store, which is opened anew whenever it has become of no use. */
export interface Channels {
  /** Whether there are several nodes, so that a leader that is gone is replaced by another one. */
  isToCluster(): boolean;
  /** The open one, or the next. Rejects with CallFailed, when nothing was sent. */
  open(deadlineMilliseconds: number): Promise<StreamsClient> | StreamsClient;
  /** Gives up the connection where this error of one of its calls says so, and turns to the leader where it names one. */
  failed(streams: StreamsClient, error: Error): void;
  /** Gives up the connection; by default the one that is open. Calls that are under way on it go on. */
  giveUp(streams?: StreamsClient): void;
  close(): void;
}

/** Events of up to 16 MiB may have been written to a log, over other protocols. */
const maximumMessageBytes = 17 * 1024 * 1024;

/** Throws ConnectionStringRefused. */
export function createChannels(settings: ConnectionSettings): Channels {
  const { hosts, isDiscovered, options } = settings;
  const credentials = createChannelCredentials(settings);
  const cluster = isDiscovered || hosts.length > 1 ? createCluster(settings, credentials) : undefined;
  const channelOptions = {
    'grpc.keepalive_time_ms': orNever(options.keepAliveInterval),
    'grpc.keepalive_timeout_ms': orNever(options.keepAliveTimeout),
    'grpc.max_receive_message_length': maximumMessageBytes,
    // Otherwise the next connection to the same address could turn out to be the one that was given up.
    'grpc.use_local_subchannel_pool': 1,
  };
  let current: StreamsClient | undefined;
  let opening: Promise<StreamsClient> | undefined;
  /** Where the current or the last connection leads. */
  let address: string | undefined;
  let failedAddress: string | undefined;
  let leader: string | undefined;
  let hasBeenRedirected = false;
  const closing = new AbortController();

  async function connect(): Promise<StreamsClient> {
    const [only] = hosts.map(addressOf);
    address = leader ?? (await cluster?.find(failedAddress, closing.signal)) ?? only ?? '';
    leader = undefined;
    if (closing.signal.aborted) throw closedFailure();
    current = new streamServices.StreamsClient(address, credentials, channelOptions);
    return current;
  }

  function giveUp(streams = current): void {
    if (streams === undefined || streams !== current) return;
    failedAddress = address;
    current = undefined;
    streams.close();
  }

  return {
    isToCluster: () => cluster !== undefined || hasBeenRedirected,
    open: (deadlineMilliseconds) => {
      if (closing.signal.aborted) return Promise.reject(closedFailure());
      if (current !== undefined) return current;
      opening ??= connect().finally(() => {
        opening = undefined;
      });
      // The search for a node goes on for all who wait for it, longer perhaps than any of them does.
      return settledWithin(opening, deadlineMilliseconds);
    },
    failed: (streams, error) => {
      if (error instanceof NotLeaderError) {
        hasBeenRedirected = true;
        if (streams === current) leader = addressOf(error.leader);
        giveUp(streams);
      } else if (error instanceof UnavailableError || error instanceof CancelledError) giveUp(streams);
    },
    giveUp,
    close: () => {
      closing.abort();
      current?.close();
      current = undefined;
    },
  };
}

/** A negative number of milliseconds switches it off. */
const orNever = (milliseconds: number): number => (milliseconds < 0 ? Number.MAX_VALUE : milliseconds);

const closedFailure = (): CallFailed => new CallFailed(new Error('the event log is closed'), false);

function settledWithin<Result>(promise: Promise<Result>, milliseconds: number): Promise<Result> {
  return new Promise((resolve, reject) => {
    const late = () => reject(new CallFailed(new Error('no server was found in time'), false));
    const timer = setTimeout(late, milliseconds);
    const fail = (error: unknown) =>
      reject(error instanceof CallFailed ? error : new CallFailed(asError(error), false));
    promise.then(resolve, fail).finally(() => clearTimeout(timer));
  });
}
