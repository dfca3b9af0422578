import { History } from '../../test/contract/read-models-history.ts';

export const groupIds = ['g', 'h'] as const;
export const userIds = ['ada', 'bob', 'cyd', 'dan', 'eve'] as const;
const texts = ['apple', 'pear', 'apple pear', 'Äpfel', ''];

/** Two groups with a few people each. */
export const newHistory = (): History =>
  new History().create('g', 'Group', ['ada', 'bob', 'cyd']).create('h', 'Other', ['ada', 'dan', 'eve']);

/** Adds some events of every kind. */
export function addEvents(history: History, random: () => number): void {
  const any = <Choice>(choices: readonly Choice[]): Choice => choices[Math.floor(random() * choices.length)] as Choice;
  const count = 1 + Math.floor(random() * 25);
  for (let event = 0; event < count; event += 1) {
    const groupId = any(groupIds);
    const userId = any(userIds);
    const seq = 1 + Math.floor(random() * Math.max(1, history.lastSeq(groupId)));
    const isMember = history.isMember(groupId, userId);
    const isSent = seq <= history.lastSeq(groupId);
    const kinds: readonly (() => unknown)[] = [
      () => isMember && history.send(groupId, userId, any(texts), { mentions: [any(userIds)] }),
      () => isMember && history.send(groupId, userId, any(texts), { mentionsAll: random() < 0.2 }),
      () => isSent && history.edit(groupId, seq, any(texts)),
      () => isSent && random() < 0.4 && history.delete(groupId, seq),
      () => isSent && history.react(groupId, seq, userId, any(['👍', '🎉'])),
      () => isSent && history.unreact(groupId, seq, userId, any(['👍', '🎉'])),
      () => isMember && isSent && history.mark(groupId, userId, seq),
      () => isMember && isSent && history.mark(groupId, userId, history.lastSeq(groupId)),
      () => (isMember ? random() < 0.3 && history.leave(groupId, userId) : history.join(groupId, userId)),
      () => isMember && history.setRole(groupId, userId, any(['member', 'admin'])),
      () => history.renameGroup(groupId, `named at ${history.position}`),
    ];
    any(kinds)();
  }
}
