import { Set as PersistentSet } from 'immutable';
import { describe, expect, test, vi } from 'vitest';
import { groupDecider } from '../../src/commands/group.ts';
import { findMessage } from '../../src/commands/group-state.ts';
import { deleted, edited, lunch, reacted, sent, unreacted } from './events.ts';
import { by, foldGroup, type GroupOrder, given } from './given.ts';

const group = [...lunch, sent(1, 'cleo')];

describe('editing a message', () => {
  const edit = (text: string, messageId = 'm-1'): GroupOrder => ({ type: 'EditMessage', messageId, text });

  test('only its author does', () => {
    given(...group)
      .when('cleo', edit('Better'))
      .then([edited(1, 'Better')]);
    given(...group)
      .when('ada', edit('Better'))
      .then({ kind: 'forbidden', needs: 'the author' });
  });

  test('to what it says changes nothing', () => {
    given(...group)
      .when('cleo', edit('message 1'))
      .then([]);
    given(...group, edited(1, 'Better'))
      .when('cleo', edit('Better'))
      .then([]);
    given(...group, edited(1, 'Better'))
      .when('cleo', edit('message 1'))
      .then([edited(1, 'message 1')]);
  });

  test('mentions everybody, or nobody any more, as the new text says', () => {
    given(...group)
      .when('cleo', edit('Hey @all'))
      .then([edited(1, 'Hey @all', true)]);
    given(...group, edited(1, 'Hey @all', true))
      .when('cleo', edit('Hey you'))
      .then([edited(1, 'Hey you', false)]);
  });

  test('that is deleted, or none of the group’s, or to no text, is refused', () => {
    given(...group, deleted(1))
      .when('cleo', edit('Better'))
      .then({ kind: 'message-deleted' });
    given(...group)
      .when('cleo', edit('Better', 'm-9'))
      .then({ kind: 'message-not-found' });
    given(...group)
      .when('cleo', edit(' '))
      .then({ kind: 'bad-value', field: 'text', problem: 'is empty', fault: 'empty' });
  });
});

describe('deleting a message', () => {
  const remove = (messageId = 'm-1'): GroupOrder => ({ type: 'DeleteMessage', messageId });

  test('its author, an owner and an admin may', () => {
    for (const actor of ['cleo', 'ada', 'bob'])
      given(...group)
        .when(actor, remove())
        .then([deleted(1)]);
    given(...group)
      .when('dan', remove())
      .then({ kind: 'forbidden', needs: 'the author, an owner or an admin' });
  });

  test('again changes nothing, and one that is none of the group’s is refused', () => {
    given(...group, deleted(1))
      .when('cleo', remove())
      .then([]);
    given(...group)
      .when('cleo', remove('m-9'))
      .then({ kind: 'message-not-found' });
  });
});

describe('reacting to a message', () => {
  const add = (emoji = '👍', messageId = 'm-1'): GroupOrder => ({ type: 'AddReaction', messageId, emoji });
  const remove = (emoji = '👍', messageId = 'm-1'): GroupOrder => ({ type: 'RemoveReaction', messageId, emoji });
  const animal = (index: number): string => String.fromCodePoint(0x1f400 + index);
  const many = (count: number) => Array.from({ length: count }, (_, index) => reacted(1, 'ada', animal(index)));

  test('any member does, once with each emoji', () => {
    given(...group)
      .when('dan', add())
      .then([reacted(1, 'dan')]);
    given(...group, reacted(1, 'dan'))
      .when('dan', add())
      .then([]);
    given(...group, reacted(1, 'dan'))
      .when('ada', add())
      .then([reacted(1, 'ada')]);
    given(...group, reacted(1, 'dan'))
      .when('dan', add('❤️'))
      .then([reacted(1, 'dan', '❤️')]);
    given(...group, reacted(1, 'dan'), unreacted(1, 'dan'))
      .when('dan', add())
      .then([reacted(1, 'dan')]);
  });

  test('a reaction is taken back by whose it is, and what is not there changes nothing', () => {
    given(...group, reacted(1, 'dan'))
      .when('dan', remove())
      .then([unreacted(1, 'dan')]);
    given(...group, reacted(1, 'dan'))
      .when('ada', remove())
      .then([]);
    given(...group, reacted(1, 'dan'), unreacted(1, 'dan'))
      .when('dan', remove())
      .then([]);
  });

  test('what no longer is an emoji, and stands there since earlier, is taken back as it was given', () => {
    given(...group, reacted(1, 'dan', ':party:'))
      .when('dan', remove(':party:'))
      .then([unreacted(1, 'dan', ':party:')]);
  });

  test('that is deleted is refused, but what stood there may be taken back', () => {
    given(...group, deleted(1))
      .when('dan', add())
      .then({ kind: 'message-deleted' });
    given(...group, reacted(1, 'dan'), deleted(1))
      .when('dan', remove())
      .then([unreacted(1, 'dan')]);
  });

  test('that is none of the group’s is refused', () => {
    given(...group)
      .when('dan', add('👍', 'm-9'))
      .then({ kind: 'message-not-found' });
    given(...group)
      .when('dan', remove('👍', 'm-9'))
      .then({ kind: 'message-not-found' });
  });

  test.each(['👩‍👩‍👧‍👦', '🏴󠁧󠁢󠁥󠁮󠁧󠁿', '🏳️‍🌈', '1️⃣', '👍🏽'])('%s is an emoji', (emoji) => {
    given(...group)
      .when('dan', add(emoji))
      .then([reacted(1, 'dan', emoji)]);
  });

  test.each([
    ...['', ' ', '👍 👍', '👍👍', 'a', '1', 'lol', ':party:', '🇨', 'a\u0000', '👍\u200d', '\u200d', '\ufe0f', '\ud83d'],
    ...['👩👩', '➡︎!', '😀'.repeat(5_000)],
  ])('%j is none', (emoji) => {
    given(...group)
      .when('dan', add(emoji))
      .then({ kind: 'bad-value', field: 'emoji', problem: 'is not one emoji', fault: 'not-an-emoji' });
  });

  test('50 different emoji fit under a message, and any number of people behind each', () => {
    const problem = 'at most 50 under a message';
    given(...group, ...many(49))
      .when('dan', add())
      .then([reacted(1, 'dan')]);
    given(...group, ...many(50))
      .when('dan', add())
      .then({ kind: 'bad-value', field: 'emoji', problem });
    given(...group, ...many(50))
      .when('dan', add(animal(7)))
      .then([reacted(1, 'dan', animal(7))]);
  });
});

test('deciding on a reaction looks at nobody else’s, however many have reacted', () => {
  const everybody = Array.from({ length: 2_000 }, (_, index) => reacted(1, `user-${index}`));
  const state = foldGroup([...group, ...everybody]);
  const people = findMessage(state, 'm-1')?.reactions.get('👍');
  expect(people?.size).toBe(2_000);
  const lookedAt = vi.spyOn(PersistentSet.prototype, 'forEach');
  const walked = [
    lookedAt,
    ...(['map', 'some', 'reduce', 'toArray', 'values', 'keys'] as const).map((walk) =>
      vi.spyOn(PersistentSet.prototype, walk),
    ),
  ];
  for (const order of [
    { type: 'AddReaction', messageId: 'm-1', emoji: '👍' },
    { type: 'RemoveReaction', messageId: 'm-1', emoji: '👍' },
  ] as const) {
    for (const actorId of ['ada', 'bob']) groupDecider.decide(by(actorId, order), state, undefined);
  }
  for (const walk of walked) expect(walk).not.toHaveBeenCalled();
  vi.restoreAllMocks();
});
