import type { ReadModels } from '../../../src/ports/read-models.ts';

/** What readers are shown of a group and its people, for comparing one state of the read models with another. */
export async function shown(readModels: ReadModels, groupId: string, userIds: readonly string[]): Promise<unknown> {
  const { group, members } = (await readModels.groupSnapshot(groupId)) ?? {};
  const range = { fromSeq: 1, toSeq: 999, limit: 999, last: false };
  const timeline = await readModels.timelinePage(groupId, range);
  return {
    group,
    members: members?.toSorted((a, b) => (a.userId < b.userId ? -1 : 1)),
    timeline,
    byId: await readModels.messages(
      groupId,
      timeline.map(({ messageId }) => messageId),
    ),
    active: await readModels.membersPage(groupId, undefined, 999),
    reactionCounts: await readModels.reactionCounts(timeline),
    reactions: await readModels.reactions(timeline),
    readers: await Promise.all(timeline.map((key) => readModels.readersPage(key, undefined, undefined, 99))),
    found: await readModels.search(groupId, 'word', undefined, 99),
    mentions: await Promise.all(userIds.map((userId) => readModels.mentionsPage(userId, undefined, 99))),
    inboxes: await Promise.all(userIds.map((userId) => readModels.inboxPage(userId, undefined, 99))),
  };
}
