import { randomUUID } from 'node:crypto';
import type { Http2Server } from 'node:http2';
import type { Socket } from 'node:net';
import gossipServices from '@eventstore/db-client/generated/gossip_grpc_pb.js';
import featureServices from '@eventstore/db-client/generated/serverfeatures_grpc_pb.js';
import streamServices from '@eventstore/db-client/generated/streams_grpc_pb.js';
import { type handleUnaryCall, Server, ServerCredentials } from '@grpc/grpc-js';
import type { EventLog } from '../ports/event-log.ts';
import { handleAppend } from './append.ts';
import { encodeAppendResponse, encodeBatchResponse } from './append-responses.ts';
import { createAppendToLog } from './append-to-log.ts';
import { handleBatchAppend } from './batch-append.ts';
import { unbundling } from './bundles.ts';
import { type ServerState, statusOf } from './calls.ts';
import { type Address, calledAddress, clusterOfOne } from './gossip.ts';
import { answerHeaders, okTrailers } from './headers.ts';
import { handleRead } from './read.ts';
import { encodeReadResponse } from './read-responses.ts';
import { notOffered } from './refusals.ts';
import { supportedMethods } from './server-features.ts';

export interface EventStoreServerOptions {
  readonly log: EventLog;
  readonly host: string;
  /** 0 for any that is free. */
  readonly port: number;
  /** Told of every error that is neither a refusal nor a failure of the log. */
  readonly onFault?: (error: unknown) => void;
}

export interface EventStoreServer {
  readonly port: number;
  /** A connection string for clients of EventStoreDB. */
  readonly url: string;
  /** Ends subscriptions, lets other calls finish for a moment, and stops listening. The log stays open. */
  close(): Promise<void>;
}

/** The address is taken, or none of this machine's. */
export class CannotListen extends Error {
  override readonly name = 'CannotListen';
}

/** How long calls under way may take to end once the server closes. */
const closingMilliseconds = 3_000;

const channelOptions = {
  // A peer that is gone without a word is found out within 20 s, as by an EventStoreDB.
  'grpc.keepalive_time_ms': 10_000,
  'grpc.keepalive_timeout_ms': 10_000,
  // Above the limit of an append, so that one too large is told so in EventStoreDB's way.
  'grpc.max_receive_message_length': 16 * 1024 * 1024,
  'grpc.max_send_message_length': -1,
  // Statistics that nobody asks for, kept for every message.
  'grpc.enable_channelz': 0,
};

/**
 * Serves a log over EventStoreDB's gRPC protocol: Streams (Append, BatchAppend and Read with its subscriptions),
 * Gossip and ServerFeatures. In plaintext and without authentication, like an EventStoreDB that runs insecurely:
 * credentials in calls are not looked at. Rejects with CannotListen.
 */
export async function startEventStoreServer(options: EventStoreServerOptions): Promise<EventStoreServer> {
  const { log, host, onFault = () => {} } = options;
  const closing = new AbortController();
  const state: ServerState = { closing: closing.signal, onFault };
  const server = new Server({ ...channelOptions, interceptors: [unbundling] });
  const listening = { host, port: options.port };
  addStreams(server, log, state);
  addCluster(server, listening, state);
  listening.port = await listen(server, host, options.port);
  const sockets = socketsOf(server);
  let closed: Promise<void> | undefined;

  return {
    port: listening.port,
    url: `esdb://${urlHost(host)}:${listening.port}?tls=false`,
    close: () => {
      closing.abort();
      closed ??= shutDown(server, sockets);
      return closed;
    },
  };
}

function addStreams(server: Server, log: EventLog, state: ServerState): void {
  const appendToLog = createAppendToLog(log);
  const { append, batchAppend, read, delete: remove, tombstone } = streamServices.StreamsService;
  server.addService(
    {
      append: { ...append, responseSerialize: encodeAppendResponse },
      batchAppend: { ...batchAppend, responseSerialize: encodeBatchResponse },
      read: { ...read, responseSerialize: encodeReadResponse },
      delete: remove,
      tombstone,
    },
    {
      append: handleAppend(appendToLog, state),
      batchAppend: handleBatchAppend(appendToLog, state),
      read: handleRead(log, state),
      delete: (_call: unknown, callback: Reply) =>
        callback(statusOf(notOffered('deleting a stream'), false, state.onFault)),
      tombstone: (_call: unknown, callback: Reply) =>
        callback(statusOf(notOffered('tombstoning a stream'), false, state.onFault)),
    },
  );
}

type Reply = (error: ReturnType<typeof statusOf>) => void;

function addCluster(server: Server, listening: Address, state: ServerState): void {
  const instanceId = randomUUID();
  server.addService(gossipServices.GossipService, {
    read: answeringOnce(state, (authority) =>
      clusterOfOne(instanceId, calledAddress(authority, listening), Date.now()),
    ),
  });
  server.addService(featureServices.ServerFeaturesService, {
    getSupportedMethods: answeringOnce(state, supportedMethods),
  });
}

/** A call with one answer, worked out from the authority that was called. */
function answeringOnce<Response>(
  { onFault }: ServerState,
  answer: (authority: string) => Response,
): handleUnaryCall<unknown, Response> {
  return (call, callback) => {
    try {
      const response = answer(call.getHost());
      call.sendMetadata(answerHeaders());
      callback(null, response, okTrailers());
    } catch (error) {
      callback(statusOf(error, false, onFault));
    }
  };
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(`${urlHost(host)}:${port}`, ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve(bound);
      else reject(new CannotListen(`cannot listen on ${urlHost(host)}:${port}: ${error.message}`, { cause: error }));
    });
  });
}

const urlHost = (host: string): string => (host.includes(':') ? `[${host}]` : host);

function shutDown(server: Server, sockets: ReadonlySet<Socket>): Promise<void> {
  return new Promise((resolve) => {
    const late = setTimeout(() => {
      server.forceShutdown();
      for (const socket of sockets) socket.destroy();
    }, closingMilliseconds);
    server.tryShutdown(() => {
      clearTimeout(late);
      resolve();
    });
  });
}

/**
 * The connections that are open. grpc-js ends its sessions and then waits for each client to let go of its connection; one
 * that has given up a read half-way does so when its keep-alive fails, after ten seconds. (There is no public way to them.)
 */
function socketsOf(server: Server): ReadonlySet<Socket> {
  const { http2Servers } = server as unknown as { readonly http2Servers: ReadonlyMap<Http2Server, unknown> };
  const sockets = new Set<Socket>();
  for (const listener of http2Servers.keys()) {
    listener.on('connection', (socket: Socket) => {
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
    });
  }
  return sockets;
}
