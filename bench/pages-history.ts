import { groupStream } from '../src/events/stream-name.ts';
import { openAppender } from './log-appender.ts';
import { createRandom } from './random.ts';

export interface PagesHistoryOptions {
  readonly file: string;
  /** Messages of each group, by its id. */
  readonly groups: Readonly<Record<string, number>>;
  readonly members: number;
}

/** Writes a log of groups of the same members and the same kind of messages, 3 to 40 words each. */
export function writePagesHistory({ file, groups, members }: PagesHistoryOptions): void {
  const random = createRandom();
  const pick = (below: number): number => Math.floor(random() * below);
  const appender = openAppender({ file });
  for (const [groupId, messages] of Object.entries(groups)) {
    const stream = groupStream(groupId);
    appender.event(stream, 'user-0', { type: 'GroupCreated', data: { groupId, name: groupId } });
    const added = Array.from({ length: members }, (_, index) => {
      return { userId: `user-${index}`, name: `Member ${index}`, role: index === 0 ? 'owner' : 'member' } as const;
    });
    const data = { members: added, afterSeq: 0, memberCount: members };
    appender.event(stream, 'user-0', { type: 'MembersAdded', data });
    for (let seq = 1; seq <= messages; seq += 1) {
      const authorId = `user-${pick(members)}`;
      const text = Array.from({ length: 3 + pick(38) }, () => `word${Math.floor(random() ** 2 * 20_000)}`).join(' ');
      appender.event(stream, authorId, {
        type: 'MessageSent',
        data: {
          messageId: `message-${groupId}-${seq}`,
          seq,
          authorId,
          text,
          replyTo: null,
          mentions: [],
          mentionsAll: false,
          audienceCount: members - 1,
        },
      });
    }
  }
  appender.close();
}
