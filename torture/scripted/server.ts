import streamServices from '@eventstore/db-client/generated/streams_grpc_pb.js';
import type { AppendReq, AppendResp, ReadReq, ReadResp } from '@eventstore/db-client/generated/streams_pb.js';
import {
  type Metadata,
  Server,
  ServerCredentials,
  type ServerReadableStream,
  type ServerWritableStream,
  type sendUnaryData,
  status,
} from '@grpc/grpc-js';
import { type ClusterView, refusalByRole, serveGossip } from './cluster-view.ts';
import { type CheckedAnswer, createMemoryLog, type MemoryLog, type ProposedEvent } from './memory-log.ts';
import { readOnce, streamNameOf, subscribe } from './reading.ts';
import { refusal, streamDeleted } from './refusal.ts';
import { appendResponse } from './responses.ts';

/** What becomes of one append. */
export type AppendScript =
  /** Stores it, and answers as if it did not know. */
  | { readonly kind: 'store, never answer' }
  /** Neither stores it nor answers. */
  | { readonly kind: 'never answer' }
  /** Does not answer, and stores it once this is resolved, as a server does that was overloaded. */
  | { readonly kind: 'store when'; readonly late: Promise<unknown> }
  /** Carries it out once this is resolved, and answers. */
  | { readonly kind: 'wait for'; readonly start: Promise<unknown> }
  /** Stores it and then lets this cut the connection. */
  | { readonly kind: 'store, then'; readonly cut: () => void }
  /** Gives this answer, whatever is stored, and stores nothing. */
  | { readonly kind: 'say'; readonly answer: CheckedAnswer }
  /** Refuses it, or fails. */
  | { readonly kind: 'fail'; readonly code: status; readonly headers?: Readonly<Record<string, string>> };

/** A subscription that is open. */
export interface OpenSubscription {
  /** Ends it as if all was well. */
  end(): void;
  /** Ends it with an error. */
  fail(code: status): void;
  /** Says nothing more on it, ever. */
  silence(): void;
}

/** A server of EventStoreDB's protocol that does as it is told. It holds everything in memory. */
export interface ScriptedServer {
  readonly port: number;
  readonly url: string;
  readonly log: MemoryLog;
  /** The scripts for the appends to come, in turn; without one they are carried out. */
  readonly appends: AppendScript[];
  /** Those to $all that are open. */
  readonly subscriptions: Set<OpenSubscription>;
  /** How many appends have arrived, and how many reads that are no subscriptions. */
  appendsSeen(): number;
  readsSeen(): number;
  /** How many calls were denied. */
  deniedSeen(): number;
  /** What calls have brought as `authorization`. */
  readonly authorizations: Set<string>;
  /** Every call is refused with access denied, and subscriptions end with that, until it is granted again. */
  denyAccess(): void;
  grantAccess(): void;
  stop(): void;
}

/** With a certificate, it is served over TLS. */
export interface Certificate {
  readonly key: string;
  readonly certificate: string;
}

export interface ScriptedServerOptions {
  readonly tls?: Certificate;
  /** What all nodes of a cluster share; each has one of its own by default. */
  readonly log?: MemoryLog;
  /** How things stand in the cluster that it is a node of. */
  readonly cluster?: ClusterView;
}

export async function startScriptedServer(options: ScriptedServerOptions = {}): Promise<ScriptedServer> {
  const { tls, cluster, log = createMemoryLog() } = options;
  const appends: AppendScript[] = [];
  const subscriptions = new Set<OpenSubscription>();
  const authorizations = new Set<string>();
  let [appendsSeen, readsSeen, deniedSeen] = [0, 0, 0];
  let denied = false;

  function noteAuthorization({ metadata }: { metadata: Metadata }): void {
    for (const value of metadata.get('authorization')) authorizations.add(String(value));
  }

  function denial() {
    deniedSeen += 1;
    return refusal(status.UNAUTHENTICATED, { exception: 'access-denied' });
  }

  function append(call: ServerReadableStream<AppendReq, AppendResp>, answer: sendUnaryData<AppendResp>): void {
    noteAuthorization(call);
    const messages: AppendReq[] = [];
    call.on('error', () => {});
    call.on('data', (message: AppendReq) => messages.push(message));
    call.on('end', () => {
      // Cut short, it is no whole request, which a server takes as nothing.
      if (call.cancelled) return;
      appendsSeen += 1;
      if (denied) return answer(denial());
      const byRole = cluster && refusalByRole(cluster, port, call.metadata.get('requires-leader').includes('true'));
      if (byRole === 'kept') return;
      if (byRole !== undefined) return answer(byRole);
      void carryOut(messages, answer, appends.shift());
    });
  }

  async function carryOut(messages: AppendReq[], answer: sendUnaryData<AppendResp>, script?: AppendScript) {
    if (script?.kind === 'never answer') return;
    if (script?.kind === 'say') return answer(null, appendResponse(script.answer));
    if (script?.kind === 'fail') return answer(refusal(script.code, script.headers));
    if (script?.kind === 'store when') await script.late;
    if (script?.kind === 'wait for') await script.start;
    const options = messages[0]?.getOptions();
    const expected = options?.hasNoStream() ? -1 : Number(options?.getRevision());
    const streamName = streamNameOf(options?.getStreamIdentifier());
    const result = log.append(streamName, expected, messages.slice(1).map(proposedEvent));
    if (result.kind === 'deleted') return answer(streamDeleted(streamName));
    if (script === undefined || script.kind === 'wait for') answer(null, appendResponse(result));
    if (script?.kind === 'store, then') script.cut();
  }

  function read(call: ServerWritableStream<ReadReq, ReadResp>): void {
    noteAuthorization(call);
    call.on('error', () => {});
    if (!call.request.getOptions()?.hasSubscription()) readsSeen += 1;
    if (denied) call.emit('error', denial());
    else if (call.request.getOptions()?.hasSubscription()) openSubscription(call);
    else readOnce(log, call);
  }

  function openSubscription(call: ServerWritableStream<ReadReq, ReadResp>): void {
    const leave = subscribe(log, call);
    const close = () => {
      leave();
      subscriptions.delete(open);
    };
    const open: OpenSubscription = {
      end: () => {
        close();
        call.end();
      },
      fail: (code) => {
        close();
        call.emit('error', { code, details: 'as the script says' });
      },
      silence: close,
    };
    subscriptions.add(open);
    call.on('cancelled', close);
  }

  const server = new Server();
  const { append: appendMethod, read: readMethod } = streamServices.StreamsService;
  server.addService({ append: appendMethod, read: readMethod }, { append, read });
  if (cluster !== undefined) serveGossip(server, cluster);
  const port = await listen(server, tls);
  return {
    port,
    url: `esdb://127.0.0.1:${port}?tls=${tls !== undefined}`,
    log,
    appends,
    subscriptions,
    authorizations,
    appendsSeen: () => appendsSeen,
    readsSeen: () => readsSeen,
    deniedSeen: () => deniedSeen,
    denyAccess: () => {
      denied = true;
      for (const open of [...subscriptions]) open.fail(status.UNAUTHENTICATED);
    },
    grantAccess: () => {
      denied = false;
    },
    stop: () => server.forceShutdown(),
  };
}

function listen(server: Server, tls?: Certificate): Promise<number> {
  const pair = tls && { private_key: Buffer.from(tls.key), cert_chain: Buffer.from(tls.certificate) };
  const credentials = pair ? ServerCredentials.createSsl(null, [pair]) : ServerCredentials.createInsecure();
  return new Promise((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', credentials, (error, port) => {
      if (error === null) resolve(port);
      else reject(error);
    });
  });
}

function proposedEvent(request: AppendReq): ProposedEvent {
  const proposed = request.getProposedMessage();
  if (proposed === undefined) throw new Error('an append goes on with something that is no event');
  return {
    id: proposed.getId()?.getString() ?? '',
    type: proposed.getMetadataMap().get('type') ?? '',
    contentType: proposed.getMetadataMap().get('content-type') ?? '',
    data: proposed.getData_asU8(),
    metadata: proposed.getCustomMetadata_asU8(),
  };
}
