import type { Position } from '../../ports/event-log.ts';
import type { GroupDocument } from './documents.ts';

/** The documents are already two batches beyond the moment that was asked for: look at the group again. */
export const tooNew = Symbol('too new');

/** What of a document is needed to tell, whatever else it holds. */
export interface AnyVersioned {
  readonly position: Position;
  readonly previous: { readonly position: Position } | null;
}

/**
 * A document as its group was when everything up to `appliedTo` had been applied, and nothing else: undefined where it
 * was not there yet. This is what keeps half of a batch from being seen without a transaction, and what lets queries go
 * on while a batch is written or after a projector died in the middle of one.
 *
 * `appliedTo` must have been read before the document: everything up to it is then in the document for certain.
 */
export function stateAt<Document extends AnyVersioned>(
  document: Document,
  appliedTo: Position,
): Document | undefined | typeof tooNew {
  if (document.position <= appliedTo) return document;
  const { previous } = document;
  if (previous === null) return undefined;
  return previous.position <= appliedTo ? { ...document, ...previous } : tooNew;
}

/** A group as it was when everything up to a position had been applied: undefined where it was not there yet. */
export function groupAt(group: GroupDocument, position: Position): GroupDocument | undefined | typeof tooNew {
  if (group.appliedTo <= position) return group;
  const { previous } = group;
  if (previous === null) return undefined;
  return previous.appliedTo <= position ? { ...group, ...previous } : tooNew;
}
