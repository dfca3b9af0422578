import type { Refusal } from '../commands/refusal.ts';

/** Why somebody may not see or do anything here. A value, never an exception; the API maps each kind to one error code. */
export type AccessRefusal =
  /** There is no valid token; `problem` is a sentence for whoever brought it. */
  | { readonly kind: 'unauthenticated'; readonly problem: string }
  | Extract<Refusal, { readonly kind: 'group-not-found' | 'no-longer-a-member' | 'group-halted' }>;

/** What stands in the place of an answer that was refused, as in a decision. */
export interface Refused<Reason> {
  readonly refused: Reason;
}

export const unauthenticated = (problem: string): AccessRefusal => ({ kind: 'unauthenticated', problem });
export const tokenExpired = unauthenticated('The token has expired.');
