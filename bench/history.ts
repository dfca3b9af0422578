import type { HighwaterEvent } from '../src/events/event.ts';
import { maximumMembersPerEvent } from '../src/events/membership.ts';
import { groupStream, readsStream } from '../src/events/stream-name.ts';
import { openAppender } from './log-appender.ts';
import { createRandom } from './random.ts';

export interface HistoryOptions {
  readonly file: string;
  readonly events: number;
  /** Eight hexadecimal digits that every group's and event's id holds, so that one run's differ from another's. */
  readonly runId?: string | undefined;
  /** How many members the first group has, and how many each of the others. */
  readonly largeGroup: number;
  readonly smallGroups: number;
  readonly smallGroup: number;
}

interface GroupHistory {
  readonly groupId: string;
  readonly members: number;
  lastSeq: number;
  /** By index of the member. */
  readonly marks: number[];
}

const marksShare = 0.8;

/**
 * Writes a log that holds so many events, 80 % of them marks that move forward, nearly all others messages of 3 to 40
 * words; a few edits, reactions and deletions. One large group has half of the traffic.
 */
export function writeHistory(options: HistoryOptions): void {
  const random = createRandom();
  const pick = (below: number): number => Math.floor(random() * below);
  const append = openAppender(options);
  const suffix = options.runId === undefined ? '' : `-${options.runId}`;
  const groups = [createGroup(`group-large${suffix}`, options.largeGroup)];
  for (let index = 0; index < options.smallGroups; index += 1) {
    groups.push(createGroup(`group-small-${index}${suffix}`, options.smallGroup));
  }
  for (const group of groups) found(group);
  while (append.count() < options.events) {
    const group = random() < 0.5 ? groups[0] : groups[1 + pick(options.smallGroups)];
    if (group === undefined) continue;
    if (group.lastSeq === 0 || random() >= marksShare) speak(group);
    else mark(group);
  }
  append.close();

  function createGroup(groupId: string, members: number): GroupHistory {
    return { groupId, members, lastSeq: 0, marks: new Array<number>(members).fill(0) };
  }

  function found({ groupId, members }: GroupHistory): void {
    const stream = groupStream(groupId);
    append.event(stream, 'user-0', { type: 'GroupCreated', data: { groupId, name: groupId } });
    for (let from = 0; from < members; from += maximumMembersPerEvent) {
      const size = Math.min(maximumMembersPerEvent, members - from);
      const added = Array.from({ length: size }, (_, index) => {
        const userId = `user-${from + index}`;
        return { userId, name: `Member ${from + index}`, role: from + index === 0 ? 'owner' : 'member' } as const;
      });
      const data = { members: added, afterSeq: 0, memberCount: from + size };
      append.event(stream, 'user-0', { type: 'MembersAdded', data });
    }
  }

  function speak(group: GroupHistory): void {
    const author = pick(group.members);
    append.event(groupStream(group.groupId), `user-${author}`, somethingSaid(group, author));
  }

  function somethingSaid(group: GroupHistory, author: number): HighwaterEvent {
    const kind = random();
    const seq = 1 + pick(Math.max(1, group.lastSeq));
    const messageId = `message-${group.groupId}-${seq}`;
    const userId = `user-${author}`;
    if (group.lastSeq > 10 && kind < 0.03)
      return { type: 'ReactionAdded', data: { messageId, seq, userId, emoji: '👍' } };
    if (group.lastSeq > 10 && kind < 0.05)
      return { type: 'MessageEdited', data: { messageId, seq, text: words(), mentionsAll: false } };
    if (group.lastSeq > 10 && kind < 0.06) return { type: 'MessageDeleted', data: { messageId, seq } };
    group.lastSeq += 1;
    group.marks[author] = group.lastSeq;
    return {
      type: 'MessageSent',
      data: {
        messageId: `message-${group.groupId}-${group.lastSeq}`,
        seq: group.lastSeq,
        authorId: userId,
        text: words(),
        replyTo: null,
        mentions: kind > 0.95 ? [`user-${pick(group.members)}`] : [],
        mentionsAll: kind > 0.94 && kind <= 0.941,
        audienceCount: group.members - 1,
      },
    };
  }

  /** A reader who has read everything has nothing to mark, so the next one who has does it. */
  function mark(group: GroupHistory): void {
    const start = pick(group.members);
    for (let step = 0; step < group.members; step += 1) {
      const reader = (start + step) % group.members;
      const before = group.marks[reader] ?? 0;
      if (before >= group.lastSeq) continue;
      const upTo = Math.max(before + 1, group.lastSeq - pick(3));
      group.marks[reader] = upTo;
      const data = { groupId: group.groupId, userId: `user-${reader}`, upTo };
      append.event(readsStream(group.groupId), `user-${reader}`, { type: 'ReadUpTo', data });
      return;
    }
    speak(group);
  }

  /** Common words are common: the square of a draw out of 20,000. */
  function words(): string {
    return Array.from({ length: 3 + pick(38) }, () => `word${Math.floor(random() ** 2 * 20_000)}`).join(' ');
  }
}
