import { describe, expect, test } from 'vitest';
import { findMentions } from '../../src/import/irc-mentions.ts';
import { createIrcPeople, type IrcPeople } from '../../src/import/irc-people.ts';

function come(people: IrcPeople, ...nicks: string[]): void {
  for (const nick of nicks) {
    const { change } = people.appear(nick);
    if (change !== undefined) people.apply(change);
  }
}

function rename(people: IrcPeople, from: string, to: string): ReturnType<IrcPeople['rename']> {
  const changes = people.rename(from, to);
  for (const change of changes) people.apply(change);
  return changes;
}

describe('the people of a channel', () => {
  test('are the same person through every rename', () => {
    const people = createIrcPeople();
    come(people, 'Alice');
    expect(rename(people, 'Alice', 'alice_away')).toEqual([
      { type: 'rename', userId: 'irc:alice', name: 'alice_away' },
    ]);
    expect(rename(people, 'alice_away', 'busy')).toEqual([{ type: 'rename', userId: 'irc:alice', name: 'busy' }]);
    expect(people.holder('BUSY')).toBe('irc:alice');
    expect(people.holder('alice')).toBeUndefined();
    expect(people.leave('busy')).toEqual({ type: 'leave', userId: 'irc:alice' });
  });

  test('come and go once', () => {
    const people = createIrcPeople();
    come(people, 'bob');
    expect(people.appear('Bob').change).toBeUndefined();
    people.apply({ type: 'leave', userId: 'irc:bob' });
    expect(people.leave('bob')).toBeUndefined();
    expect(people.appear('Bob').change).toEqual({ type: 'add', userId: 'irc:bob', name: 'Bob' });
  });

  test('are added under their new nick when they were not seen under the old one', () => {
    expect(createIrcPeople().rename('a', 'b')).toEqual([{ type: 'add', userId: 'irc:a', name: 'b' }]);
  });

  test('have gone when somebody else takes their nick', () => {
    const people = createIrcPeople();
    come(people, 'a', 'b');
    expect(rename(people, 'a', 'b')).toEqual([
      { type: 'leave', userId: 'irc:b' },
      { type: 'rename', userId: 'irc:a', name: 'b' },
    ]);
    expect(people.holder('b')).toBe('irc:a');
  });

  test('are themselves again under their first nick', () => {
    const people = createIrcPeople();
    come(people, 'a');
    rename(people, 'a', 'b');
    expect(people.appear('a')).toEqual({ userId: 'irc:a', change: { type: 'rename', userId: 'irc:a', name: 'a' } });
  });

  test('are known from the group’s own events', () => {
    const people = createIrcPeople();
    const moment = { afterSeq: 0, memberCount: 1 };
    const member = (userId: string, name: string) => ({ userId, name, role: 'member' as const });
    const members = [member('irc:a', 'a'), member('irc:c', 'c'), member('u-1', 'd')];
    people.applyEvent({ type: 'MembersAdded', data: { members, ...moment } });
    people.applyEvent({ type: 'MemberRenamed', data: { userId: 'irc:a', name: 'b' } });
    people.applyEvent({ type: 'MemberRemoved', data: { userId: 'irc:c', ...moment } });
    expect(['a', 'b', 'c', 'd'].map(people.holder)).toEqual([undefined, 'irc:a', undefined, undefined]);
  });
});

describe('mentions', () => {
  const people = createIrcPeople();
  come(people, 'bob', 'carol', 'bur[n]er', 'http', 'me');

  test.each([
    ['bob: yes', ['irc:bob']],
    ['BOB, yes', ['irc:bob']],
    ['bob:yes', ['irc:bob']],
    ['bob, carol: yes', ['irc:bob', 'irc:carol']],
    ['bur[n] er: hi', ['irc:bur[n]er']],
    ['tell (@carol) and @bob', ['irc:carol', 'irc:bob']],
    ['bob bob', []],
    ['dave: bob: yes', []],
    ['http://example.org', []],
    ['mail bob@carol', []],
    ['me: bob: note to self', ['irc:bob']],
    ['bob: @bob bob', ['irc:bob']],
  ])('%s', (text, expected) => {
    expect(findMentions(text, 'irc:me', people.holder)).toEqual(expected);
  });
});
