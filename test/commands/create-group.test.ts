import { describe, test } from 'vitest';
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

  test('another name, or another creator, is refused', () => {
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
