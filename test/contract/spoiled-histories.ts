import fc from 'fast-check';
import type { HighwaterEvent } from '../../src/events/event.ts';
import { groupStream, importsStream, readsStream, type StreamName } from '../../src/events/stream-name.ts';

export const groupIds = ['g', 'h', 'i'] as const;
export type GroupId = (typeof groupIds)[number];
export const userIds = ['ada', 'bob', 'cyd'] as const;

export interface Entry {
  readonly groupId: GroupId;
  readonly streamName: StreamName;
  readonly event: HighwaterEvent;
}

const anyStep = fc.record({
  groupId: fc.constantFrom(...groupIds),
  userId: fc.constantFrom(...userIds),
  does: fc.constantFrom(
    ...['send', 'send', 'mark', 'mark', 'leave', 'join', 'edit', 'delete', 'react', 'unreact', 'rename', 'import'],
  ),
});

/** What happens in three groups, in order, and well-formed. */
export const anyHistory: fc.Arbitrary<readonly Entry[]> = fc
  .array(anyStep, { maxLength: 60, size: 'max' })
  .map(toHistory);

/** So many steps of it: the same history for every process that is given the same seed. */
export const sampleHistory = (seed: number, numRuns: number): readonly Entry[] =>
  toHistory(fc.sample(anyStep, { seed, numRuns }));

function toHistory(steps: readonly Step[]): readonly Entry[] {
  return [...groupIds.flatMap(begin), ...happenings(steps)];
}

export function begin(groupId: GroupId): Entry[] {
  const members = userIds.map((userId) => ({ userId, name: userId, role: 'member' as const }));
  return [
    { groupId, streamName: groupStream(groupId), event: { type: 'GroupCreated', data: { groupId, name: groupId } } },
    {
      ...{ groupId, streamName: groupStream(groupId) },
      event: { type: 'MembersAdded', data: { members, afterSeq: 0, memberCount: 3 } },
    },
  ];
}

export interface Step {
  readonly groupId: GroupId;
  readonly userId: string;
  readonly does: string;
}

export function happenings(steps: readonly Step[]): Entry[] {
  const standing = new Map(groupIds.map((groupId) => [groupId, { lastSeq: 0, members: new Set<string>(userIds) }]));
  return steps.flatMap(({ groupId, userId, does }): Entry[] => {
    const group = standing.get(groupId);
    if (group === undefined) return [];
    const own = (event: HighwaterEvent): Entry[] => [{ groupId, streamName: groupStream(groupId), event }];
    const seq = group.lastSeq;
    const isMember = group.members.has(userId);
    if (does === 'send' && isMember) {
      group.lastSeq += 1;
      const content = { text: `apple ${seq}`, replyTo: null, mentions: ['bob'], mentionsAll: false };
      const place = { messageId: `${groupId}-${seq + 1}`, seq: seq + 1, authorId: userId };
      return own({ type: 'MessageSent', data: { ...place, ...content, audienceCount: group.members.size - 1 } });
    }
    if (does === 'mark' && seq > 0) {
      const event: HighwaterEvent = { type: 'ReadUpTo', data: { groupId, userId, upTo: seq } };
      return [{ groupId, streamName: readsStream(groupId), event }];
    }
    if (does === 'leave' && group.members.delete(userId)) {
      return own({ type: 'MemberLeft', data: { userId, afterSeq: seq, memberCount: group.members.size } });
    }
    if (does === 'join' && !isMember) {
      group.members.add(userId);
      const members = [{ userId, name: userId, role: 'member' as const }];
      return own({ type: 'MembersAdded', data: { members, afterSeq: seq, memberCount: group.members.size } });
    }
    if (does === 'edit' && seq > 0) {
      return own({
        type: 'MessageEdited',
        data: { messageId: `${groupId}-${seq}`, seq, text: `pear ${seq}`, mentionsAll: seq % 2 === 0 },
      });
    }
    if (does === 'delete' && seq > 0) {
      return own({ type: 'MessageDeleted', data: { messageId: `${groupId}-${seq}`, seq } });
    }
    if ((does === 'react' || does === 'unreact') && seq > 0) {
      const type = does === 'react' ? 'ReactionAdded' : 'ReactionRemoved';
      return own({ type, data: { messageId: `${groupId}-${seq}`, seq, userId, emoji: '👍' } });
    }
    if (does === 'rename') return own({ type: 'GroupRenamed', data: { name: `${groupId} ${seq}` } });
    if (does !== 'import') return [];
    const file = { groupId, file: 'f', sha256: 'a'.repeat(64), lines: seq };
    return [{ groupId, streamName: importsStream(groupId), event: { type: 'FileImported', data: file } }];
  });
}
