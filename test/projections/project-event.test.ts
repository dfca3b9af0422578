import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { GroupEvent, HighwaterEvent } from '../../src/events/event.ts';
import { hashCreation } from '../../src/events/text-hash.ts';
import { projectEvent } from '../../src/projections/project-event.ts';
import { arbitraryEvent } from '../events/arbitrary-event.ts';
import { assertProperty } from '../fakes/assert-property.ts';
import { at, happened } from './recorded-events.ts';

const where = { groupId: 'g', position: 7 };
const advanced = { type: 'advanceGroup', ...where, version: 5, at };
const changesOf = (event: HighwaterEvent) => projectEvent(happened(event));

type Sent = Extract<GroupEvent, { type: 'MessageSent' }>['data'];
const sent = (content: Partial<Sent> = {}): HighwaterEvent => {
  const message = { messageId: 'm', seq: 3, authorId: 'ada', text: 'Hello', replyTo: 'l', audienceCount: 4 };
  return { type: 'MessageSent', data: { ...message, mentions: [], mentionsAll: false, ...content } };
};

test('a created group is put, with the moment of its creation', () => {
  expect(changesOf({ type: 'GroupCreated', data: { groupId: 'g', name: 'Group' } })).toEqual([
    { type: 'putGroup', ...where, name: 'Group', createdAt: at, creationHash: hashCreation('actor', 'Group') },
    advanced,
  ]);
});

test('a command is put only where its client chose the id, and with how far it came', () => {
  const renamed = happened({ type: 'GroupRenamed', data: { name: 'Anew' } });
  const { metadata } = renamed;
  const command = { type: 'putCommand', ...where, actorId: 'actor', commandId: 'command', digest: 'said' };
  const putOf = (projected: typeof renamed) => projectEvent(projected).filter(({ type }) => type === 'putCommand');
  expect(putOf(renamed)).toEqual([]);
  const chosen = { ...metadata, commandDigest: 'said' };
  expect(putOf({ ...renamed, metadata: chosen })).toEqual([{ ...command, addedUpTo: null }]);
  const bob = { userId: 'bob', name: 'Bob', role: 'member' as const };
  const begun = happened({ type: 'MembersAdded', data: { members: [bob], afterSeq: 2, memberCount: 9 } });
  const continues = { ...chosen, commandContinues: true as const };
  expect(putOf({ ...begun, metadata: continues })).toEqual([{ ...command, addedUpTo: 'bob' }]);
  const mark = happened({ type: 'ReadUpTo', data: { groupId: 'g', userId: 'bob', upTo: 1 } });
  expect(putOf({ ...mark, metadata: chosen })).toEqual([]);
});

test('a renamed group is renamed', () => {
  expect(changesOf({ type: 'GroupRenamed', data: { name: 'Anew' } })).toEqual([
    { type: 'renameGroup', ...where, name: 'Anew' },
    advanced,
  ]);
});

test('added members each open a stay, and the group has as many as the event says', () => {
  const ada = { userId: 'ada', name: 'Ada', role: 'owner' as const };
  const bob = { userId: 'bob', name: 'Bob', role: 'member' as const };
  expect(changesOf({ type: 'MembersAdded', data: { members: [ada, bob], afterSeq: 2, memberCount: 9 } })).toEqual([
    { type: 'putMember', ...where, ...ada, afterSeq: 2, at },
    { type: 'putMember', ...where, ...bob, afterSeq: 2, at },
    { type: 'setMemberCount', ...where, memberCount: 9 },
    advanced,
  ]);
});

test.each(['MemberLeft', 'MemberRemoved'] as const)('%s closes the stay after the newest message', (type) => {
  expect(changesOf({ type, data: { userId: 'bob', afterSeq: 4, memberCount: 1 } })).toEqual([
    { type: 'endMembership', ...where, userId: 'bob', afterSeq: 4 },
    { type: 'setMemberCount', ...where, memberCount: 1 },
    advanced,
  ]);
});

test("a member's role and name are set", () => {
  expect(changesOf({ type: 'MemberRoleChanged', data: { userId: 'bob', role: 'admin' } })).toEqual([
    { type: 'setRole', ...where, userId: 'bob', role: 'admin' },
    advanced,
  ]);
  expect(changesOf({ type: 'MemberRenamed', data: { userId: 'bob', name: 'Bobby' } })).toEqual([
    { type: 'setMemberName', ...where, userId: 'bob', name: 'Bobby' },
    advanced,
  ]);
});

test("a message is put, moves its author's own mark, and advances the group last", () => {
  const { data } = sent() as Extract<HighwaterEvent, { type: 'MessageSent' }>;
  expect(changesOf(sent())).toEqual([
    { type: 'putMessage', ...where, ...data, sentAt: at },
    { type: 'advanceMark', ...where, userId: 'ada', upTo: 3, at },
    { ...advanced, lastSeq: 3, lastMessageAt: at },
  ]);
});

test('each person mentioned has one row, the author none, and everybody together one', () => {
  const mentions = changesOf(sent({ mentions: ['bob', 'ada', 'bob', 'cyd'], mentionsAll: true })).slice(1, -2);
  expect(mentions).toEqual([
    { type: 'putMention', ...where, seq: 3, userId: 'bob' },
    { type: 'putMention', ...where, seq: 3, userId: 'cyd' },
    { type: 'putMentionOfAll', ...where, seq: 3, authorId: 'ada' },
  ]);
});

test('an edit that mentions everybody does so from then on, and one that does not takes nothing back', () => {
  const editing = (mentionsAll: boolean) =>
    changesOf({ type: 'MessageEdited', data: { messageId: 'm', seq: 3, text: 'Anew', mentionsAll } });
  expect(editing(true)).toContainEqual({ type: 'putMentionOfAll', ...where, seq: 3, authorId: 'actor' });
  expect(editing(false)).toHaveLength(2);
});

test('edits, deletions and reactions change their message alone', () => {
  const message = { messageId: 'm', seq: 3 };
  expect(changesOf({ type: 'MessageEdited', data: { ...message, text: 'Anew', mentionsAll: null } })).toEqual([
    { type: 'editMessage', ...where, seq: 3, text: 'Anew', mentionsAll: null, editedAt: at },
    advanced,
  ]);
  expect(changesOf({ type: 'MessageDeleted', data: message })).toEqual([
    { type: 'deleteMessage', ...where, seq: 3, deletedAt: at },
    advanced,
  ]);
  const reaction = { userId: 'bob', emoji: '👍' };
  expect(changesOf({ type: 'ReactionAdded', data: { ...message, ...reaction } })).toEqual([
    { type: 'putReaction', ...where, seq: 3, ...reaction },
    advanced,
  ]);
  expect(changesOf({ type: 'ReactionRemoved', data: { ...message, ...reaction } })).toEqual([
    { type: 'removeReaction', ...where, seq: 3, ...reaction },
    advanced,
  ]);
});

test("a mark is advanced, and moves the version of the group's other stream", () => {
  expect(changesOf({ type: 'ReadUpTo', data: { groupId: 'g', userId: 'bob', upTo: 3 } })).toEqual([
    { type: 'advanceMark', ...where, userId: 'bob', upTo: 3, at },
    { type: 'advanceGroup', ...where, readsVersion: 5, at },
  ]);
});

test('a mark counts from when what it is about was there', () => {
  const later = '2026-01-01T00:00:05.000Z';
  const marked = happened({ type: 'ReadUpTo', data: { groupId: 'g', userId: 'bob', upTo: 3 } });
  for (const projected of [marked, happened(sent())]) {
    expect(projectEvent({ ...projected, readAt: later })).toContainEqual(
      expect.objectContaining({ type: 'advanceMark', at: later }),
    );
  }
});

test('an imported file changes nothing', () => {
  const data = { groupId: 'g', file: 'log.txt', sha256: 'a'.repeat(64), lines: 1 };
  expect(changesOf({ type: 'FileImported', data })).toEqual([]);
});

test('projecting is a function of the event alone, and every change is of its group and position', () => {
  assertProperty(
    fc.property(arbitraryEvent, (event) => {
      const frozen = structuredClone(event);
      const changes = changesOf(event);
      expect(changesOf(event)).toEqual(changes);
      expect(event).toEqual(frozen);
      for (const change of changes) expect(change).toMatchObject(where);
    }),
  );
});
