import type { Change } from '../../ports/changes.ts';
import { type BatchRows, messageKeyOf } from './batch-rows.ts';
import { idOf } from './documents.ts';
import {
  type ChangeOf,
  markedMember,
  memberAfter,
  messageAfter,
  reactionAfter,
  reactionCountsAfter,
} from './fold-changes.ts';

/** Applies one change to the documents in memory. */
export function foldChange(rows: BatchRows, change: Change): void {
  const { groupId, position } = change;
  switch (change.type) {
    case 'putGroup':
    case 'renameGroup':
    case 'setMemberCount':
    case 'advanceGroup':
    case 'haltGroup':
    case 'resumeGroup':
      rows.groups.change(change);
      return;
    case 'putMember':
    case 'endMembership':
    case 'setRole':
    case 'setMemberName': {
      const { userId } = change;
      const id = idOf(groupId, userId);
      const member = memberAfter(rows.memberships.get(id), change);
      if (member !== undefined) rows.memberships.set(id, { groupId, userId }, member);
      return;
    }
    case 'advanceMark':
      advanceMark(rows, change);
      return;
    case 'putMessage': {
      const id = idOf(groupId, change.seq);
      if (rows.messages.get(id) !== undefined) return;
      const { text } = change;
      rows.messages.set(id, messageKeyOf({ ...change, sentPosition: position }), {
        text,
        editedAt: null,
        deletedAt: null,
        position,
      });
      return;
    }
    case 'editMessage':
    case 'deleteMessage':
      changeMessage(rows, change);
      return;
    case 'putReaction':
    case 'removeReaction':
      react(rows, change);
      return;
    case 'putMention': {
      const { seq, userId } = change;
      rows.facts.mentions.push({ _id: idOf(userId, position), userId, position, groupId, seq });
      return;
    }
    case 'putMentionOfAll': {
      const { seq } = change;
      const authorId = rows.messages.keyOf(idOf(groupId, seq))?.authorId ?? '';
      rows.facts.mentionsOfAll.push({ _id: idOf(groupId, position), position, groupId, seq, authorId });
      return;
    }
    case 'putCommand': {
      const { actorId, commandId, digest, addedUpTo } = change;
      const _id = idOf(groupId, actorId, commandId);
      rows.facts.commands.push({ _id, groupId, actorId, commandId, digest, addedUpTo, position });
      return;
    }
    default:
      change satisfies never;
  }
}

/** Every mark that counts leaves its moment behind. */
function advanceMark({ memberships, groups, facts }: BatchRows, change: ChangeOf<'advanceMark'>): void {
  const { groupId, userId, upTo, at, position } = change;
  const id = idOf(groupId, userId);
  const member = markedMember(memberships.get(id), change);
  if (member === undefined) return;
  memberships.set(id, { groupId, userId }, member);
  facts.marks.push({ _id: idOf(groupId, userId, upTo), groupId, userId, upTo, at: new Date(at).toISOString() });
  groups.counted(groupId, position);
}

function changeMessage({ messages }: BatchRows, change: ChangeOf<'editMessage' | 'deleteMessage'>): void {
  const id = idOf(change.groupId, change.seq);
  const key = messages.keyOf(id);
  const message = messageAfter(messages.get(id), change);
  if (message !== undefined && key !== undefined) messages.set(id, key, message);
}

function react(rows: BatchRows, change: ChangeOf<'putReaction' | 'removeReaction'>): void {
  const { groupId, seq, userId, emoji, position } = change;
  const id = idOf(groupId, seq, userId, emoji);
  const before = rows.reactions.get(id);
  const after = reactionAfter(before, change);
  if (after === undefined) return;
  rows.reactions.set(id, { groupId, seq, userId, emoji }, after);
  const countsId = idOf(groupId, seq);
  const difference = Number(after.present) - Number(before?.present ?? false);
  const counts = reactionCountsAfter(rows.reactionCounts.get(countsId), emoji, difference, position);
  rows.reactionCounts.set(countsId, { groupId, seq }, counts);
}
