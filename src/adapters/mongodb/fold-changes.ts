import type { Change } from '../../ports/changes.ts';
import type { MembershipState, MessageState, ReactionCountsState, ReactionState } from './documents.ts';

export type ChangeOf<Type extends Change['type']> = Extract<Change, { readonly type: Type }>;
export type MemberChange = ChangeOf<'putMember' | 'endMembership' | 'setRole' | 'setMemberName'>;

/**
 * What a change makes of a document's fields, one document at a time; undefined where it changes nothing, because it is in
 * them already, or does not count. Whatever is applied again meets its own position.
 */
export function memberAfter(member: MembershipState | undefined, change: MemberChange): MembershipState | undefined {
  const { position } = change;
  if (member === undefined) {
    if (change.type !== 'putMember') return undefined;
    const { name, role, at, afterSeq } = change;
    const stays = [{ from: afterSeq, to: null }];
    return { name, role, active: true, joinedAt: at, stays, markedUpTo: 0, position };
  }
  if (position <= member.position) return undefined;
  switch (change.type) {
    case 'putMember': {
      if (member.active) return undefined;
      const { name, role, at, afterSeq } = change;
      const stays = [...member.stays, { from: afterSeq, to: null }];
      return { ...member, name, role, active: true, joinedAt: at, stays, position };
    }
    case 'endMembership': {
      if (!member.active) return undefined;
      const stays = member.stays.map(({ from, to }) => ({ from, to: to ?? change.afterSeq }));
      return { ...member, active: false, stays, position };
    }
    case 'setRole':
      return { ...member, role: change.role, position };
    case 'setMemberName':
      return { ...member, name: change.name, position };
    default:
      return change satisfies never;
  }
}

/** A mark counts for one who is a member, and forwards. */
export function markedMember(
  member: MembershipState | undefined,
  { upTo, position }: ChangeOf<'advanceMark'>,
): MembershipState | undefined {
  if (!member?.active || position <= member.position || upTo <= member.markedUpTo) return undefined;
  return { ...member, markedUpTo: upTo, position };
}

/** What is deleted stays so, since the first time. */
export function messageAfter(
  message: MessageState | undefined,
  change: ChangeOf<'editMessage' | 'deleteMessage'>,
): MessageState | undefined {
  const { position } = change;
  if (message === undefined || message.deletedAt !== null || position <= message.position) return undefined;
  return change.type === 'deleteMessage'
    ? { ...message, text: null, deletedAt: change.deletedAt, position }
    : { ...message, text: change.text, editedAt: change.editedAt, position };
}

export function reactionAfter(
  reaction: ReactionState | undefined,
  { type, position }: ChangeOf<'putReaction' | 'removeReaction'>,
): ReactionState | undefined {
  if (reaction !== undefined && position <= reaction.position) return undefined;
  return { present: type === 'putReaction', firstPosition: reaction?.firstPosition ?? position, position };
}

/** An emoji keeps its place among the others, also while nobody stands behind it. */
export function reactionCountsAfter(
  before: ReactionCountsState | undefined,
  emoji: string,
  difference: number,
  position: number,
): ReactionCountsState {
  const counts = before?.counts ?? [];
  const known = counts.some((entry) => entry.emoji === emoji);
  return {
    counts: known
      ? counts.map((entry) => (entry.emoji === emoji ? { emoji, count: entry.count + difference } : entry))
      : [...counts, { emoji, count: difference }],
    position,
  };
}
