import type { DatabaseSync } from 'node:sqlite';
import type {
  LoadedRows,
  StoredGroup,
  StoredMember,
  StoredMessage,
  StoredReaction,
  StoredReactionCounts,
  RowKeys as WantedRows,
} from '../../ports/row-store.ts';
import { messageKeyOf } from './read-model-file.ts';
import {
  from,
  type GroupColumns,
  groupColumns,
  type MemberColumns,
  type MessageColumns,
  memberColumns,
  prepareQuery,
  prepareReactionCounts,
  selectMessages,
  toStoredGroup,
  toStoredMember,
  toStoredMessage,
} from './read-model-rows.ts';
import type { RowKeys } from './row-keys.ts';

export interface RowLoads {
  groups(groupIds: readonly string[]): readonly StoredGroup[];
  rows(wanted: readonly WantedRows[]): LoadedRows;
}

/** The rows that a batch is about, each by its key. */
export function prepareRowLoads(database: DatabaseSync, rowKeys: RowKeys): RowLoads {
  const group = prepareQuery<GroupColumns>(
    database,
    `SELECT ${from('g', groupColumns)} FROM groups g WHERE g.group_id = ?`,
  );
  const member = prepareQuery<MemberColumns>(
    database,
    `SELECT ${from('m', memberColumns)} FROM members m WHERE m.group_key = ? AND m.user_id = ?`,
  );
  const message = prepareQuery<MessageColumns>(database, `${selectMessages} WHERE p.message_key = ?`);
  const reaction = prepareQuery<readonly [number, number]>(
    database,
    'SELECT present, position FROM reactions WHERE message_key = ? AND emoji = ? AND user_id = ?',
  );
  const reactionCounts = prepareReactionCounts(database);

  return {
    groups: (groupIds) => groupIds.flatMap((groupId) => group.all(groupId).map(toStoredGroup)),
    rows(wanted) {
      const members: StoredMember[] = [];
      const messages: StoredMessage[] = [];
      const reactions: StoredReaction[] = [];
      const counts: StoredReactionCounts[] = [];
      for (const { groupId, userIds, seqs, reactions: reacted, countedSeqs } of wanted) {
        const keys = rowKeys.find(groupId);
        if (keys === undefined) continue;
        for (const userId of userIds) {
          for (const row of member.all(keys.key, userId)) members.push(toStoredMember(groupId, row));
        }
        for (const seq of seqs) {
          for (const row of message.all(messageKeyOf(keys.key, seq))) messages.push(toStoredMessage(row));
        }
        for (const { seq, emoji, userId } of reacted) {
          for (const [present, position] of reaction.all(messageKeyOf(keys.key, seq), emoji, userId)) {
            reactions.push({ groupId, seq, emoji, userId, present: present === 1, position });
          }
        }
        for (const seq of countedSeqs) counts.push(...reactionCounts(groupId, seq, messageKeyOf(keys.key, seq)));
      }
      return { members, messages, reactions, reactionCounts: counts };
    },
  };
}
