import type { Position } from '../ports/event-log.ts';

/** Why a command changes nothing. A value, never an exception; the API maps each kind to one GraphQL error code. */
export type Refusal =
  | { readonly kind: 'group-not-found' }
  | { readonly kind: 'group-exists' }
  /** The actor was a member once. One who never was gets group-not-found. */
  | { readonly kind: 'no-longer-a-member' }
  /** Its log holds an event that this process cannot read: nothing of the group is decided or shown. */
  | { readonly kind: 'group-halted' }
  /** The actor's role does not allow it. */
  | { readonly kind: 'forbidden'; readonly needs: string }
  /** The person whom the command is about is not a member. */
  | { readonly kind: 'target-not-a-member'; readonly userId: string }
  /** A group with members keeps an owner. */
  | { readonly kind: 'last-owner' }
  /** The same, where the actor is the only member: all that is left to them is to leave. */
  | { readonly kind: 'last-member' }
  | { readonly kind: 'message-not-found' }
  | { readonly kind: 'message-deleted' }
  /** The id is taken by a message that says something else. */
  | { readonly kind: 'message-id-taken' }
  /** The actor has used the command's id for something else. */
  | { readonly kind: 'command-id-taken' }
  /** A mark beyond the group's newest message. */
  | { readonly kind: 'beyond-newest'; readonly lastSeq: number }
  /** More commands wait than there is room for: nothing was decided, and the same command may be tried again. */
  | { readonly kind: 'too-busy' }
  | {
      readonly kind: 'bad-value';
      readonly field: string;
      readonly problem: string;
      /** Where the value is what somebody has written. */
      readonly fault?: TextFault;
    };

/** What is wrong with a text, a name or an emoji; see written-text.ts. */
export type TextFault =
  | 'empty'
  | 'too-long'
  /** Half of a surrogate pair. */
  | 'ill-formed'
  /** Nothing in it can be seen. */
  | 'invisible'
  /** Something in it cannot be seen, so that two that differ look the same. */
  | 'hidden-characters'
  | 'open-direction'
  | 'not-an-emoji';

export const refuse = (refusal: Refusal): { readonly refused: Refusal } => ({ refused: refusal });

/** A command that was carried out before: it appends nothing and is answered as it was. */
export interface Repetition {
  /** Where its events stand; undefined where they are decided in the same batch and not yet appended. */
  readonly position: Position | undefined;
}

/** What a decision comes to: events to append (none when there is nothing to do), a refusal, or the answer of before. */
export type Decision<Event> = readonly Event[] | { readonly refused: Refusal } | { readonly repeated: Repetition };

export function isRefused<Event>(decision: Decision<Event>): decision is { readonly refused: Refusal } {
  return 'refused' in decision;
}

export function isRepeated<Event>(decision: Decision<Event>): decision is { readonly repeated: Repetition } {
  return 'repeated' in decision;
}
