import type { ReactionRow, ReadModels } from '../../../src/ports/read-models.ts';
import { inAnyOrder } from '../../contract/in-any-order.ts';

/** What readers are shown of a group and its people, for comparing one state of the read models with another, in the order
 * that the port promises, or by their keys where it promises none. */
export async function shown(stored: ReadModels, groupId: string, userIds: readonly string[]): Promise<unknown> {
  const readModels = inAnyOrder(stored);
  const { group, members } = (await readModels.groupSnapshot(groupId)) ?? {};
  const range = { fromSeq: 1, toSeq: 999, limit: 999, last: false };
  const timeline = await readModels.timelinePage(groupId, range);
  const ids = timeline.map(({ messageId }) => messageId);
  return {
    group,
    members: members?.toSorted((a, b) => (a.userId < b.userId ? -1 : 1)),
    timeline,
    byId: (await readModels.messages(groupId, ids)).toSorted((a, b) => a.seq - b.seq),
    active: await readModels.membersPage(groupId, { limit: 999 }),
    reactionCounts: (await readModels.reactionCounts(timeline)).toSorted((a, b) => a.seq - b.seq),
    named: await readModels.membersByName(groupId, '', undefined, 999),
    reactions: (await readModels.reactions(timeline)).toSorted((a, b) => (reactionKey(a) < reactionKey(b) ? -1 : 1)),
    readers: await Promise.all(timeline.map((key) => readModels.readersPage(key, undefined, undefined, 99))),
    found: await readModels.search([groupId], 'word', undefined, 99),
    mentions: await Promise.all(userIds.map((userId) => readModels.mentionsPage(userId, undefined, 99))),
    unread: await Promise.all(userIds.map((userId) => readModels.unreadGroups(userId))),
    inboxes: await Promise.all(userIds.map((userId) => readModels.inboxPage(userId, undefined, 99))),
  };
}

const reactionKey = ({ seq, emoji, userId }: ReactionRow): string =>
  [String(seq).padStart(4, '0'), emoji, userId].join(' ');
