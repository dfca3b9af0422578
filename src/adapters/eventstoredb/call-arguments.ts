import { randomUUID } from 'node:crypto';
import { CallCredentials, type CallOptions, Metadata } from '@grpc/grpc-js';
import type { ConnectionSettings } from './connection-string.ts';

/** What a call is made with. */
export interface CallArguments {
  readonly metadata: Metadata;
  readonly options: CallOptions;
  /** Whether anything of the call can have left this process. */
  wasSent(): boolean;
}

/** For the calls of one log. What is the same for all of them is made once: gRPC copies it before it adds to it. */
export function createCallArguments({ login, tls, options }: ConnectionSettings) {
  const metadata = new Metadata();
  metadata.set('connection-name', options.connectionName ?? randomUUID());
  const toLeader = metadata.clone();
  toLeader.set('requires-leader', 'true');
  const authorization = new Metadata();
  // A server that is not secured asks for no credentials, and the network should not hear them.
  if (login !== undefined && tls !== undefined) {
    const encoded = Buffer.from(`${login.username}:${login.password}`).toString('base64');
    authorization.set('authorization', `Basic ${encoded}`);
  }

  function callArguments(sharedMetadata: Metadata, deadline: number): CallArguments {
    let sent = false;
    // Asked for its metadata when an open connection has been chosen, right before the call is sent on it.
    const credentials = CallCredentials.createFromMetadataGenerator((_, callback) => {
      sent = true;
      callback(null, authorization);
    });
    return { metadata: sharedMetadata, options: { deadline, credentials }, wasSent: () => sent };
  }

  return {
    /** A node that does not lead refuses the call at once; without the header it would keep it until its deadline. */
    toLeader: (deadlineMilliseconds: number) => callArguments(toLeader, Date.now() + deadlineMilliseconds),
    withoutDeadline: () => callArguments(metadata, Number.POSITIVE_INFINITY),
  };
}
