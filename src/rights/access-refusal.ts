import type { Refusal } from '../commands/refusal.ts';

/** Why somebody may not see or do anything here. A value, never an exception; the API maps each kind to one error code. */
export type AccessRefusal =
  /** There is no valid token; `problem` is a sentence for whoever brought it. */
  | { readonly kind: 'unauthenticated'; readonly token: TokenProblem; readonly problem: string }
  | Extract<Refusal, { readonly kind: 'group-not-found' | 'no-longer-a-member' | 'group-halted' }>;

/** A token that has expired was good: its bearer gets another. */
export type TokenProblem = 'missing' | 'invalid' | 'expired';

/** What stands in the place of an answer that was refused, as in a decision. */
export interface Refused<Reason> {
  readonly refused: Reason;
}

export const unauthenticated = (token: TokenProblem, problem: string): AccessRefusal => ({
  kind: 'unauthenticated',
  token,
  problem,
});
export const tokenExpired = unauthenticated('expired', 'The token has expired.');
