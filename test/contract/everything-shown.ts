import type { ReadModels } from '../../src/ports/read-models.ts';
import type { CommandRow, MemberRow } from '../../src/ports/rows.ts';

const commandKeysOf = (userIds: readonly string[]) =>
  userIds.flatMap((actorId) => ['c-1', 'c-2', 'c-3'].map((commandId) => ({ actorId, commandId })));
const inOrder = (rows: readonly CommandRow[]): readonly CommandRow[] =>
  rows.toSorted((a, b) => a.position - b.position);

/** Rows of these people, active or not, as of one moment. */
export async function memberRows(
  readModels: ReadModels,
  groupId: string,
  ...userIds: readonly string[]
): Promise<readonly MemberRow[]> {
  const { members } = (await readModels.groupSnapshot(groupId)) ?? { members: [] };
  return members.filter(({ userId }) => userIds.includes(userId));
}

/** All that a reader can be shown of these groups and people. */
export async function everything(readModels: ReadModels, groupIds: readonly string[], userIds: readonly string[]) {
  const byGroup = (a: { groupId: string }, b: { groupId: string }): number => (a.groupId < b.groupId ? -1 : 1);
  const byUser = (a: MemberRow, b: MemberRow): number => (a.userId < b.userId ? -1 : 1);
  const groups = groupIds.map(async (groupId) => {
    const snapshot = await readModels.groupSnapshot(groupId);
    const range = { fromSeq: 1, toSeq: 999, limit: 999, last: false };
    const timeline = await readModels.timelinePage(groupId, range);
    return {
      group: snapshot?.group,
      members: [...(snapshot?.members ?? [])].sort(byUser),
      timeline,
      commands: inOrder(await readModels.acceptedCommands(groupId, commandKeysOf(userIds))),
      named: await readModels.membersByName(groupId, '', undefined, 99),
      bySeq: (await readModels.messagesBySeq(timeline)).toSorted((a, b) => a.seq - b.seq),
      reactedBy: (
        await readModels.reactionMembers(
          timeline.map(({ seq }) => ({ groupId, seq, emoji: '👍' })),
          99,
        )
      ).toSorted((a, b) => a.seq - b.seq),
      // In order under each message, and the messages in any.
      reactions: (await readModels.reactionCounts(timeline)).toSorted((a, b) => a.seq - b.seq),
      readers: await Promise.all(timeline.map((key) => readModels.readersPage(key, undefined, undefined, 99))),
      found: await Promise.all(
        ['apple', 'pear', 'apfel'].map((text) => readModels.search([groupId], text, undefined, 99)),
      ),
    };
  });
  const people = userIds.map(async (userId) => ({
    inbox: await readModels.inboxPage(userId, undefined, 99),
    mentions: await readModels.mentionsPage(userId, undefined, 99),
    unread: (await readModels.unreadGroups(userId)).toSorted(byGroup),
    mentionCounts: (
      await readModels.mentionCounts(
        userId,
        groupIds.map((groupId) => ({ groupId, seq: 1 })),
        99,
      )
    ).toSorted(byGroup),
  }));
  return { groups: await Promise.all(groups), people: await Promise.all(people), at: await readModels.checkpoint() };
}
