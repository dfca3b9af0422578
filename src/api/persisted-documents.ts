import { createHash } from 'node:crypto';
import { createBoundedMap } from '../memory/bounded-map.ts';
import { stringBytes } from '../memory/string-bytes.ts';
import { maximumDocumentLength } from './document-limits.ts';
import { ApiError } from './error-table.ts';

/** What an operation asks for, whichever way it comes. */
export interface Asked {
  readonly query?: string | null | undefined;
  readonly extensions?: Readonly<Record<string, unknown>> | null | undefined;
}

export interface PersistedDocuments {
  /**
   * What is asked for, with the document that its hash stands for. A document that comes with its hash is remembered. Throws
   * BAD_INPUT with the messages by which clients know that they are to send the document.
   */
  resolve<Params extends Asked>(params: Params): Params;
}

/** Some thousands of documents of everyday length. Anybody may have one remembered, so the least used go first. */
const rememberedBytes = 8 * 1024 * 1024;

/**
 * Automatic persisted queries, as Apollo's clients and urql's send them: a client sends the SHA-256 of a document, and the
 * document itself where it is not known here. Each process remembers its own; nothing is kept, and nothing depends on it.
 */
export function createPersistedDocuments(): PersistedDocuments {
  const remembered = createBoundedMap<string>(rememberedBytes);
  return {
    resolve(params) {
      const persisted = params.extensions?.['persistedQuery'];
      if (typeof persisted !== 'object' || persisted === null) return params;
      const { version, sha256Hash } = persisted as Record<string, unknown>;
      if (version !== 1 || typeof sha256Hash !== 'string') throw refused('PersistedQueryNotSupported');
      const hash = sha256Hash.toLowerCase();
      const { query } = params;
      if (typeof query !== 'string' || query === '') {
        const known = remembered.use(hash);
        if (known === undefined) throw refused('PersistedQueryNotFound');
        return { ...params, query: known };
      }
      // It is refused for its length in a moment.
      if (query.length > maximumDocumentLength) return params;
      if (createHash('sha256').update(query).digest('hex') !== hash) throw refused('PersistedQueryMismatch');
      remembered.set(hash, query, stringBytes(query) + stringBytes(hash));
      return params;
    },
  };
}

/** 200 to who accepts `application/json` only, as Apollo's server answers: its older clients read no body of a 4xx. */
const refused = (message: string): ApiError =>
  new ApiError('DOCUMENT_NOT_KNOWN', message, { http: { status: 400, spec: true } });
