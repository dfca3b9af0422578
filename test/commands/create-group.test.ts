import { describe, test } from 'vitest';
import type { GroupEvent } from '../../src/events/event.ts';
import { added, created, left, lunch } from './events.ts';
import { type GroupOrder, given } from './given.ts';

const create: GroupOrder = { type: 'CreateGroup', groupId: 'lunch', name: 'Lunch', members: [] };

describe('creating a group', () => {
  test('its creator is its owner', () => {
    given()
      .when('ada', create)
      .then([created(), added({ ada: 'owner' }, 1)]);
  });

  test('it starts with the members asked for, each once, the creator as owner whatever was asked', () => {
    const members = [
      { userId: 'bob', name: 'Bob', role: 'admin' as const },
      { userId: 'ada', name: 'Nobody', role: 'member' as const },
      { userId: 'bob', name: 'Robert' },
    ];
    const expected = [
      { userId: 'ada', name: 'Ada', role: 'owner' as const },
      { userId: 'bob', name: 'Bob', role: 'admin' as const },
    ];
    given()
      .when('ada', { ...create, creatorName: 'Ada', members })
      .then([created(), { type: 'MembersAdded', data: { members: expected, afterSeq: 0, memberCount: 2 } }]);
  });

  test('creating it again as it stands changes nothing', () => {
    given(...lunch)
      .when('ada', create)
      .then([]);
  });

  test('creating it again adds those who were asked for and never came, but nobody who has left', () => {
    const members = [{ userId: 'bob' }, { userId: 'cleo' }, { userId: 'eve' }];
    given(...lunch, left('cleo', 3))
      .when('ada', { ...create, members })
      .then([added({ eve: 'member' }, 4)]);
  });

  test('creating it again as it was asked for changes nothing, whatever it is called by now and who is there', () => {
    const members = [{ userId: 'bob' }, { userId: 'cleo' }];
    const renamed: GroupEvent = { type: 'GroupRenamed', data: { name: 'Dinner' } };
    const roles: GroupEvent[] = [
      { type: 'MemberRoleChanged', data: { userId: 'bob', role: 'owner' } },
      { type: 'MemberRoleChanged', data: { userId: 'ada', role: 'member' } },
    ];
    for (const since of [[renamed], [renamed, left('cleo', 3)], [...roles, renamed], [...roles, left('ada', 3)]]) {
      given(...lunch, ...since)
        .when('ada', { ...create, members })
        .then([]);
    }
    given(...lunch, renamed)
      .when('ada', { ...create, name: 'Dinner', members })
      .then({ kind: 'group-exists' });
    // Whom it lacks is added under the rights of now.
    given(...lunch, ...roles)
      .when('ada', { ...create, members: [...members, { userId: 'eve' }] })
      .then({ kind: 'group-exists' });
  });

  test('another name, or another creator, is refused', () => {
    given(...lunch, { type: 'MemberRoleChanged', data: { userId: 'bob', role: 'owner' } })
      .when('bob', create)
      .then({ kind: 'group-exists' });
    given(...lunch)
      .when('ada', { ...create, name: 'Dinner' })
      .then({ kind: 'group-exists' });
    given(...lunch)
      .when('bob', create)
      .then({ kind: 'group-exists' });
    given(...lunch)
      .when('eve', create)
      .then({ kind: 'group-exists' });
  });

  test.each([
    ['', 'is empty', 'empty'],
    [' \n', 'is empty', 'empty'],
    ['\u3164', 'shows nothing', 'invisible'],
    ['a\u0007b', 'holds characters that cannot be seen', 'hidden-characters'],
    ['a\ud800', 'is not well-formed Unicode', 'ill-formed'],
    ['x'.repeat(201), 'is longer than 200 characters', 'too-long'],
    ['🧀'.repeat(201), 'is longer than 200 characters', 'too-long'],
  ] as const)('the name %j is refused', (name, problem, fault) => {
    given()
      .when('ada', { ...create, name })
      .then({ kind: 'bad-value', field: 'name', problem, fault });
  });

  test('a name of 200 emoji is short enough', () => {
    const name = '🧀'.repeat(200);
    given()
      .when('ada', { ...create, name })
      .then([created(name), added({ ada: 'owner' }, 1)]);
  });
});
