import { digestOf } from '../../src/commands/command-digest.ts';
import { groupDecider } from '../../src/commands/group.ts';
import { marksDecider } from '../../src/commands/marks.ts';
import type { EventMetadata } from '../../src/events/codec.ts';
import type { GroupEvent } from '../../src/events/event.ts';
import { createBoundedMap } from '../../src/memory/bounded-map.ts';
import { heapBytes } from './heap-bytes.ts';

/** Makes states of events whose strings were cut out of large requests, as a GraphQL document's parser cuts them. */

const requestCharacters = 1_000_000;

/** A piece of a request of its own. */
function piece(start: string): string {
  const request = `${'{'.repeat(requestCharacters)}${start}-of-more-than-thirteen-characters`;
  return request.slice(requestCharacters);
}

const metadata = (commandId: string): EventMetadata => ({
  correlationId: 'c',
  causationId: commandId,
  actorId: 'ada',
  at: '2026-11-24T12:00:00.000Z',
  commandDigest: digestOf({ commandId }),
  commandContinues: true,
});

const before = await heapBytes();
let group = groupDecider.initialState;
let marks = marksDecider.initialState;
const keys = createBoundedMap<number>(Number.POSITIVE_INFINITY);
let commands = 0;
const evolve = (event: GroupEvent) => {
  commands += 1;
  group = groupDecider.evolve(group, event, { metadata: metadata(piece(`command-${commands}`)), position: 0 });
};
for (let index = 0; index < 20; index += 1) {
  const id = (what: string) => piece(`${what}-${index}`);
  evolve({ type: 'GroupCreated', data: { groupId: id('group'), name: id('name') } });
  evolve({ type: 'GroupRenamed', data: { name: id('renamed') } });
  const member = { userId: id('user'), name: id('name'), role: 'member' as const };
  evolve({ type: 'MembersAdded', data: { members: [member], afterSeq: 0, memberCount: index } });
  evolve({ type: 'MemberRenamed', data: { userId: member.userId, name: id('renamed') } });
  evolve({ type: 'MemberRoleChanged', data: { userId: member.userId, role: 'admin' } });
  const message = { messageId: id('message'), seq: index + 1 };
  const more = { replyTo: id('replied'), mentions: [id('mentioned')], mentionsAll: false, audienceCount: 1 };
  evolve({ type: 'MessageSent', data: { ...message, authorId: 'ada', text: id('text'), ...more } });
  evolve({ type: 'MessageEdited', data: { ...message, text: id('edited'), mentionsAll: false } });
  evolve({
    type: 'MessageEdited',
    data: { messageId: id('forgotten'), seq: index + 1, text: id('edited'), mentionsAll: false },
  });
  evolve({ type: 'ReactionAdded', data: { ...message, userId: id('user'), emoji: id('emoji') } });
  evolve({ type: 'MemberLeft', data: { userId: member.userId, afterSeq: 0, memberCount: 0 } });
  const mark = { groupId: 'g', userId: id('reader'), upTo: 1 };
  marks = marksDecider.evolve(marks, { type: 'ReadUpTo', data: mark }, { metadata: metadata('c'), position: 0 });
  keys.set(id('key'), index, 0);
}
const heldBytes = (await heapBytes()) - before;
console.info(
  JSON.stringify({ heldBytes, kept: group.members.size + group.messages.byId.size + marks.marks.size + keys.size }),
);
