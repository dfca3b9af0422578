import { type ClientHttp2Session, type ClientHttp2Stream, constants } from 'node:http2';
import type { Headers } from './recorded-scenes.ts';

/** A gRPC call as it is on the wire: headers and messages, undecoded. */
export interface RawCall {
  send(message: Buffer): void;
  endRequests(): void;
  /** Resolves once so many messages are there in all; rejects when the call ends before. */
  responses(count: number): Promise<readonly Buffer[]>;
  /** Everything, once the server has ended the call. */
  ended(): Promise<RawAnswer>;
  /** Everything so far; the call is cancelled. */
  cancel(): RawAnswer;
}

export interface RawAnswer {
  readonly headers: Headers | undefined;
  readonly messages: readonly Buffer[];
  readonly trailers: Headers | null;
  /** The headers ended the call, so there were no trailers. */
  readonly headersOnly: boolean;
}

const prefixBytes = 5;

export function startRawCall(session: ClientHttp2Session, headers: Headers): RawCall {
  const stream = session.request({ ':method': 'POST', ...headers });
  const answer = { headers: undefined, messages: [], trailers: null, headersOnly: false } as {
    -readonly [Part in keyof RawAnswer]: RawAnswer[Part] extends readonly Buffer[] ? Buffer[] : RawAnswer[Part];
  };
  let grown = Promise.withResolvers<void>();
  const grow = () => {
    grown.resolve();
    grown = Promise.withResolvers();
  };

  stream.on('response', (received, flags) => {
    answer.headers = plain(received);
    answer.headersOnly = (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0;
  });
  stream.on('trailers', (received) => {
    answer.trailers = plain(received);
  });
  onMessages(stream, (message) => {
    answer.messages.push(message);
    grow();
  });
  const closed = new Promise<void>((resolve, reject) => {
    stream.on('close', resolve);
    stream.on('error', reject);
  }).finally(grow);
  closed.catch(() => {});

  return {
    send: (message) => {
      const prefix = Buffer.alloc(prefixBytes);
      prefix.writeUInt32BE(message.length, 1);
      stream.write(Buffer.concat([prefix, message]));
    },
    endRequests: () => stream.end(),
    responses: async (count) => {
      while (answer.messages.length < count && !stream.closed) await grown.promise;
      if (answer.messages.length < count) throw new Error(`ended after ${answer.messages.length} of ${count} messages`);
      return answer.messages;
    },
    ended: async () => {
      await closed;
      return answer;
    },
    cancel: () => {
      stream.close(constants.NGHTTP2_CANCEL);
      return answer;
    },
  };
}

function onMessages(stream: ClientHttp2Stream, take: (message: Buffer) => void): void {
  let received = Buffer.alloc(0);
  stream.on('data', (chunk: Buffer) => {
    received = Buffer.concat([received, chunk]);
    while (received.length >= prefixBytes) {
      const end = prefixBytes + received.readUInt32BE(1);
      if (received.length < end) return;
      take(received.subarray(prefixBytes, end));
      received = received.subarray(end);
    }
  });
}

/** Without the symbol that Node adds. */
function plain(headers: object): Headers {
  return Object.fromEntries(Object.entries(headers));
}
