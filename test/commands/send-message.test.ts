import { describe, expect, test } from 'vitest';
import { messagesNeededBy } from '../../src/commands/group.ts';
import { deleted, left, lunch, removed, sent } from './events.ts';
import { by, type GroupOrder, given } from './given.ts';

type Send = Extract<GroupOrder, { type: 'SendMessage' }>;

const group = [...lunch, sent(1, 'cleo')];
const send = (more: Partial<Send> = {}): Send => ({
  type: 'SendMessage',
  messageId: 'm-2',
  text: 'Hello',
  mentions: [],
  ...more,
});

describe('sending a message', () => {
  test('it is the group’s next, for all members but its author', () => {
    given(...lunch)
      .when('dan', send({ messageId: 'm-1' }))
      .then([sent(1, 'dan', { text: 'Hello' })]);
    given(...group)
      .when('dan', send())
      .then([sent(2, 'dan', { text: 'Hello' })]);
    given(...group, left('cleo', 3, 1))
      .when('dan', send())
      .then([sent(2, 'dan', { text: 'Hello', audienceCount: 2 })]);
  });

  test('each person mentioned is named once, and must be a member', () => {
    given(...group)
      .when('dan', send({ mentions: ['bob', 'cleo', 'bob'] }))
      .then([sent(2, 'dan', { text: 'Hello', mentions: ['bob', 'cleo'] })]);
    given(...group)
      .when('dan', send({ mentions: ['eve'] }))
      .then({ kind: 'target-not-a-member', userId: 'eve' });
    given(...group, left('cleo', 3, 1))
      .when('dan', send({ mentions: ['bob', 'cleo'] }))
      .then({ kind: 'target-not-a-member', userId: 'cleo' });
  });

  test('100 mentions are taken and 101 refused', () => {
    const mentions = Array.from({ length: 101 }, (_, index) => `user-${index}`);
    given(...group)
      .when('dan', send({ mentions }))
      .then({ kind: 'bad-value', field: 'mentions', problem: 'at most 100' });
    given(...group)
      .when('dan', send({ mentions: mentions.slice(1) }))
      .then({ kind: 'target-not-a-member', userId: 'user-1' });
  });

  test('@all in the text mentions everybody', () => {
    given(...group)
      .when('dan', send({ text: 'Hey @all!' }))
      .then([sent(2, 'dan', { text: 'Hey @all!', mentionsAll: true })]);
  });

  test('it may answer a message of the group, also a deleted one, and no other', () => {
    const expected = [sent(2, 'dan', { text: 'Hello', replyTo: 'm-1' })];
    given(...group)
      .when('dan', send({ replyTo: 'm-1' }))
      .then(expected);
    given(...group, deleted(1))
      .when('dan', send({ replyTo: 'm-1' }))
      .then(expected);
    given(...group)
      .when('dan', send({ replyTo: 'm-9' }))
      .then({ kind: 'bad-value', field: 'replyTo', problem: 'is no message of this group' });
  });

  test.each([
    ['', 'is empty', 'empty'],
    [' \n\t', 'is empty', 'empty'],
    ['\u200b\u2800', 'shows nothing', 'invisible'],
    ['x'.repeat(8_001), 'is longer than 8000 characters', 'too-long'],
    ['🧀'.repeat(8_001), 'is longer than 8000 characters', 'too-long'],
  ] as const)('a text that is none or too long is refused (%#)', (text, problem, fault) => {
    given(...group)
      .when('dan', send({ text }))
      .then({ kind: 'bad-value', field: 'text', problem, fault });
  });

  test('a text of 8,000 emoji is short enough', () => {
    const text = '🧀'.repeat(8_000);
    given(...group)
      .when('dan', send({ text }))
      .then([sent(2, 'dan', { text })]);
  });
});

describe('sending the same message again', () => {
  const original = send({ messageId: 'm-1', replyTo: 'm-0', mentions: ['bob', 'dan'] });
  const stored = sent(2, 'cleo', { messageId: 'm-1', text: 'Hello', replyTo: 'm-0', mentions: ['bob', 'dan'] });
  const history = [...lunch, sent(1, 'ada', { messageId: 'm-0' }), stored];
  const editedNow = {
    type: 'MessageEdited',
    data: { messageId: 'm-1', seq: 2, text: 'Goodbye', mentionsAll: false },
  } as const;
  const deletedNow = { type: 'MessageDeleted', data: { messageId: 'm-1', seq: 2 } } as const;

  const answeredAsBefore = { repeated: { position: 3 } };

  test('with the same content changes nothing', () => {
    given(...history)
      .when('cleo', original)
      .then(answeredAsBefore);
    given(...history)
      .when('cleo', { ...original, mentions: ['dan', 'bob', 'dan'] })
      .then(answeredAsBefore);
  });

  test('changes nothing even where it could not be sent now', () => {
    given(...history, left('bob', 3, 2))
      .when('cleo', original)
      .then(answeredAsBefore);
  });

  test('is answered as before to one who has left or was removed since, as long as it is theirs', () => {
    for (const gone of [left('cleo', 3, 2), removed('cleo', 3, 2)]) {
      given(...history, gone)
        .when('cleo', original)
        .then(answeredAsBefore);
      given(...history, gone)
        .when('cleo', { ...original, text: 'Goodbye' })
        .then({ kind: 'no-longer-a-member' });
    }
    given(...history)
      .when('eve', original)
      .then({ kind: 'group-not-found' });
    given(...history, removed('dan', 3, 2))
      .when('dan', original)
      .then({ kind: 'no-longer-a-member' });
  });

  test('after it was edited or deleted changes nothing, for what it said at first is still known', () => {
    given(...history, editedNow)
      .when('cleo', original)
      .then(answeredAsBefore);
    given(...history, deletedNow)
      .when('cleo', original)
      .then(answeredAsBefore);
    given(...history, editedNow, deletedNow)
      .when('cleo', original)
      .then(answeredAsBefore);
  });

  test.each([
    ['as it stands', []],
    ['after an edit', [editedNow]],
    ['after its deletion', [deletedNow]],
    ['after both', [editedNow, deletedNow]],
  ])('with another content or by another author is refused %s', (_, since) => {
    const taken = { kind: 'message-id-taken' } as const;
    for (const [author, other] of [
      ['cleo', { ...original, text: 'Goodbye' }],
      ['cleo', { ...original, text: 'Hello again' }],
      ['cleo', send({ messageId: 'm-1', mentions: ['bob', 'dan'] })],
      ['cleo', { ...original, mentions: ['bob'] }],
      ['cleo', { ...original, mentions: ['bob', 'ada'] }],
      ['dan', original],
    ] as const) {
      given(...history, ...since)
        .when(author, other)
        .then(taken);
    }
    given(...history, editedNow)
      .when('dan', original)
      .then(taken);
  });
});

test('the messages that a decision looks at are those that its command names', () => {
  expect(messagesNeededBy(by('dan', send()))).toEqual(['m-2']);
  expect(messagesNeededBy(by('dan', send({ replyTo: 'm-1' })))).toEqual(['m-2', 'm-1']);
  expect(messagesNeededBy(by('dan', { type: 'DeleteMessage', messageId: 'm-1' }))).toEqual(['m-1']);
  expect(messagesNeededBy(by('dan', { type: 'LeaveGroup' }))).toEqual([]);
});
