import type { DocumentNode } from 'graphql';

/** What a token of a parsed document was measured to hold, with its nodes and places. */
const bytesPerToken = 600;

/**
 * Documents by their text, so that clients' few operations are parsed and validated once. Bounded in bytes, because
 * texts are anybody's: the least recently used is let go.
 */
export interface DocumentCache {
  get(text: string): DocumentNode | undefined;
  set(text: string, document: DocumentNode): void;
}

export function createDocumentCache(maximumBytes: number): DocumentCache {
  const documents = new Map<string, DocumentNode>();
  let heldBytes = 0;

  function forget(text: string, document: DocumentNode): void {
    documents.delete(text);
    heldBytes -= bytesOf(text, document);
  }

  return {
    get(text) {
      const document = documents.get(text);
      if (document === undefined) return undefined;
      // A Map keeps the order of insertion: the first is the least recently used.
      documents.delete(text);
      documents.set(text, document);
      return document;
    },
    set(text, document) {
      const held = documents.get(text);
      if (held !== undefined) forget(text, held);
      documents.set(text, document);
      heldBytes += bytesOf(text, document);
      for (const [oldText, old] of documents) {
        if (heldBytes <= maximumBytes) break;
        forget(oldText, old);
      }
    },
  };
}

const bytesOf = (text: string, { tokenCount = 0 }: DocumentNode): number =>
  2 * text.length + bytesPerToken * tokenCount;
