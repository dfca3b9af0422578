/** Why a command changes nothing. A value, never an exception; the API maps each kind to one GraphQL error code. */
export type Refusal =
  | { readonly kind: 'group-not-found' }
  | { readonly kind: 'group-exists' }
  /** The actor was a member once. One who never was gets group-not-found. */
  | { readonly kind: 'no-longer-a-member' }
  /** The actor's role does not allow it. */
  | { readonly kind: 'forbidden'; readonly needs: string }
  /** The person whom the command is about is not a member. */
  | { readonly kind: 'target-not-a-member'; readonly userId: string }
  | { readonly kind: 'last-owner' }
  | { readonly kind: 'message-not-found' }
  | { readonly kind: 'message-deleted' }
  /** The id is taken by a message that says something else. */
  | { readonly kind: 'message-id-taken' }
  /** A mark beyond the group's newest message. */
  | { readonly kind: 'beyond-newest'; readonly lastSeq: number }
  | { readonly kind: 'bad-value'; readonly field: string; readonly problem: string };

export const refuse = (refusal: Refusal): { readonly refused: Refusal } => ({ refused: refusal });

/** What a decision comes to: events to append (none when there is nothing to do), or a refusal. */
export type Decision<Event> = readonly Event[] | { readonly refused: Refusal };

export function isRefused<Event>(decision: Decision<Event>): decision is { readonly refused: Refusal } {
  return 'refused' in decision;
}
