import { ServerInterceptingCall, type ServerInterceptor } from '@grpc/grpc-js';

/** So many messages, or so many of about so many bytes together, go out at once. */
const maximumMessages = 64;
const maximumBytes = 64 * 1024;
/** So many bundles may wait for the client. A slow one costs no more memory than that. */
const maximumWaiting = 2;

/** A call that answers with bundles of messages instead of messages. */
interface BundleWriter<Message> {
  write(bundle: readonly Message[], callback: () => void): boolean;
}

export interface Endings {
  /** The client has gone: nothing more can be sent. */
  readonly gone: AbortSignal;
  /** It has gone or is to be sent away: nobody waits for it any more. */
  readonly ended: AbortSignal;
}

export interface Bundles<Message> {
  /** Returns a promise when the client reads too slowly: it resolves once there is room again, or the call is to end. */
  add(message: Message, approximateBytes: number): Promise<void> | undefined;
  /** Sends what has been added so far. It is sent without this, too, as soon as the caller waits for something. */
  flush(): void;
}

/**
 * Gathers what is sent without a pause in between. grpc-js writes a message only once the one before it is with the
 * system, which is one system call and one turn of the event loop for each; a bundle needs as much as one message.
 */
export function createBundles<Message>(call: BundleWriter<Message>, { gone, ended }: Endings): Bundles<Message> {
  let bundle: Message[] = [];
  let bytes = 0;
  let waiting = 0;
  let room: { readonly promise: Promise<void>; readonly resolve: () => void } | undefined;

  function makeRoom(): void {
    room?.resolve();
    room = undefined;
  }

  function flush(): void {
    if (bundle.length === 0 || gone.aborted) return;
    waiting += 1;
    call.write(bundle, () => {
      waiting -= 1;
      makeRoom();
    });
    bundle = [];
    bytes = 0;
  }

  ended.addEventListener('abort', makeRoom);
  return {
    flush,
    add: (message, approximateBytes) => {
      if (gone.aborted) return undefined;
      if (bundle.length === 0) process.nextTick(flush);
      bundle.push(message);
      bytes += approximateBytes;
      if (bundle.length < maximumMessages && bytes < maximumBytes) return undefined;
      flush();
      if (waiting < maximumWaiting || ended.aborted) return undefined;
      room ??= Promise.withResolvers();
      return room.promise;
    },
  };
}

/** Takes bundles apart again, below grpc-js's queue of one message at a time. */
export const unbundling: ServerInterceptor = (_method, call) => {
  const unbundled = new ServerInterceptingCall(call);
  unbundled.sendMessage = (message: unknown, callback: () => void) => {
    if (!Array.isArray(message)) return call.sendMessage(message, callback);
    const last = message.length - 1;
    for (const [index, part] of message.entries()) call.sendMessage(part, index === last ? callback : () => {});
  };
  return unbundled;
};
