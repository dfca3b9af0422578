import { markCounts } from '../../events/reads.ts';
import type { StoredMember } from '../../ports/row-store.ts';
import type { ChangeOf } from '../changes.ts';

export type MemberChange = ChangeOf<'putMember' | 'endMembership' | 'setRole' | 'setMemberName' | 'advanceMark'>;

/** What a change makes of a member's row; the same row, or none, where it changes nothing. */
export function foldMember(member: StoredMember | undefined, change: MemberChange): StoredMember | undefined {
  const { position } = change;
  if (member === undefined) return change.type === 'putMember' ? firstStay(change) : undefined;
  // It is in the row already. So a mark that counted nothing is not revived when its batch is applied again.
  if (position <= member.position) return member;
  switch (change.type) {
    case 'putMember': {
      // Who is there already has joined at a change that stands before.
      if (member.active) return member;
      // Who returns keeps earlier stays and their mark; name and role are those of the return.
      const { name, role, at, afterSeq } = change;
      const stays = [...member.stays, { from: afterSeq, to: null }];
      return { ...member, name, role, active: true, joinedAt: at, stays, position };
    }
    case 'endMembership': {
      if (!member.active) return member;
      const stays = member.stays.map(({ from, to }) => ({ from, to: to ?? change.afterSeq }));
      return { ...member, active: false, stays, position };
    }
    case 'setRole':
      return { ...member, role: change.role, position };
    case 'setMemberName':
      return { ...member, name: change.name, position };
    case 'advanceMark':
      return markCounts(member, change.upTo) ? { ...member, markedUpTo: change.upTo, position } : member;
    default:
      return change satisfies never;
  }
}

function firstStay({ groupId, userId, name, role, at, afterSeq, position }: ChangeOf<'putMember'>): StoredMember {
  const stays = [{ from: afterSeq, to: null }];
  return { groupId, userId, name, role, active: true, joinedAt: at, stays, markedUpTo: 0, position };
}
