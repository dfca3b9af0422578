import { firstNameKey } from '../../src/ports/name-keys.ts';
import type { PeoplePages } from '../../src/ports/pages.ts';
import { type BuildRows, type GroupRows, keyOfReaction, toGroupRow } from './in-memory-rows.ts';

type Lists = Pick<PeoplePages, 'membersByName' | 'unreadGroups' | 'mentionCounts' | 'reactionMembers' | 'ownReactions'>;

/** The port's lists of names, of what is unread and of who reacted, over what a build holds. */
export function createInMemoryLists(rows: () => BuildRows): Lists {
  const groupOf = (groupId: string): GroupRows | undefined => rows().groups.get(groupId);
  return {
    membersByName: async (groupId, prefix, after, limit) =>
      [...(groupOf(groupId)?.members.values() ?? [])]
        .flatMap(({ position: _, ...member }) => {
          const nameKey = firstNameKey(member.name, prefix);
          return member.active && nameKey !== undefined ? [{ nameKey, member }] : [];
        })
        .map((named) => ({ ...named, order: `${named.nameKey}\u0000${named.member.userId}` }))
        .filter(({ order }) => after === undefined || order > `${after.nameKey}\u0000${after.userId}`)
        .sort((a, b) => (a.order < b.order ? -1 : 1))
        .slice(0, limit)
        .map(({ nameKey, member }) => ({ nameKey, member })),
    unreadGroups: async (userId) =>
      [...rows().groups.values()].flatMap(({ group, members }) => {
        const member = members.get(userId);
        if (toGroupRow(group) === undefined || group.haltedAt !== null || !member?.active) return [];
        const { groupId, lastSeq } = group;
        const afterSeq = Math.max(member.markedUpTo, member.stays.at(-1)?.from ?? 0);
        return lastSeq > afterSeq ? [{ groupId, afterSeq, lastSeq }] : [];
      }),
    mentionCounts: async (userId, after, limit) =>
      after.flatMap(({ groupId, seq }) => {
        const { mentions, mentionsOfAll } = groupOf(groupId) ?? { mentions: new Map(), mentionsOfAll: new Map() };
        const found = new Set([
          ...[...mentions.values()].filter((mention) => mention.userId === userId).map((mention) => mention.seq),
          ...[...mentionsOfAll.values()].filter(({ authorId }) => authorId !== userId).map((mention) => mention.seq),
        ]);
        const count = [...found].filter((one) => one > seq).length;
        return count === 0 ? [] : [{ groupId, count: Math.min(count, limit) }];
      }),
    reactionMembers: async (reactions, limit) =>
      reactions.flatMap(({ groupId, seq, emoji, afterUserId = '' }) =>
        [...(groupOf(groupId)?.reactions.values() ?? [])]
          .filter((one) => one.seq === seq && one.emoji === emoji && one.present && one.userId > afterUserId)
          .map(({ userId }) => ({ groupId, seq, emoji, userId }))
          .sort((a, b) => (a.userId < b.userId ? -1 : 1))
          .slice(0, limit),
      ),
    ownReactions: async (userId, reactions) =>
      reactions
        .filter(
          ({ groupId, seq, emoji }) => groupOf(groupId)?.reactions.get(keyOfReaction({ seq, emoji, userId }))?.present,
        )
        .map(({ groupId, seq, emoji }) => ({ groupId, seq, emoji })),
  };
}
