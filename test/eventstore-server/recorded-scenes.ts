import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = join(import.meta.dirname, 'recordings');

export type Headers = Readonly<Record<string, string | number>>;

export interface RecordedMessage {
  /** The raw message; not kept where it is long. */
  readonly base64?: string;
  /** The message decoded; of a long request only its beginning. */
  readonly message?: object;
  /** The length of one that is not kept. */
  readonly bytes?: number;
}

export interface RecordedCall {
  readonly path: string;
  readonly requestHeaders: Headers;
  readonly requests: readonly RecordedMessage[];
  readonly responseHeaders: Headers;
  readonly responses: readonly RecordedMessage[];
  readonly trailers: Headers | null;
  readonly ended: 'by the server' | 'by the server, headers only' | 'cancelled by the client' | null;
}

export interface Scene {
  readonly scene: string;
  readonly calls: readonly RecordedCall[];
}

/** What @eventstore/db-client 6.2.1 and an EventStoreDB 23.10.8 said to each other, in the order in which they did. */
export function recordedScenes(): readonly Scene[] {
  const files = readdirSync(folder).sort();
  return files.map((file) => JSON.parse(readFileSync(join(folder, file), 'utf8')) as Scene);
}
