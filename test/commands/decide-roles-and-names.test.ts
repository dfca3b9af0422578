import { describe, test } from 'vitest';
import type { GroupEvent } from '../../src/events/event.ts';
import type { Role } from '../../src/events/values.ts';
import { added, created, left, lunch, sent } from './events.ts';
import { type GroupOrder, given } from './given.ts';

const roleChanged = (userId: string, role: Role): GroupEvent => ({ type: 'MemberRoleChanged', data: { userId, role } });
const memberRenamed = (userId: string, name: string): GroupEvent => ({ type: 'MemberRenamed', data: { userId, name } });
const groupRenamed = (name: string): GroupEvent => ({ type: 'GroupRenamed', data: { name } });

describe('changing a role', () => {
  const change = (userId: string, role: Role): GroupOrder => ({ type: 'ChangeMemberRole', userId, role });

  test('only an owner does', () => {
    given(...lunch)
      .when('ada', change('cleo', 'admin'))
      .then([roleChanged('cleo', 'admin')]);
    given(...lunch)
      .when('bob', change('cleo', 'admin'))
      .then({ kind: 'forbidden', needs: 'owner' });
    given(...lunch)
      .when('cleo', change('cleo', 'owner'))
      .then({ kind: 'forbidden', needs: 'owner' });
  });

  test('to the same role changes nothing', () => {
    given(...lunch)
      .when('ada', change('bob', 'admin'))
      .then([]);
  });

  test('of one who is no member is refused', () => {
    given(...lunch)
      .when('ada', change('eve', 'admin'))
      .then({ kind: 'target-not-a-member', userId: 'eve' });
    given(...lunch, left('cleo', 3))
      .when('ada', change('cleo', 'admin'))
      .then({ kind: 'target-not-a-member', userId: 'cleo' });
  });

  test('the last owner stays one, until there is another', () => {
    given(...lunch)
      .when('ada', change('ada', 'member'))
      .then({ kind: 'last-owner' });
    given(...lunch, roleChanged('bob', 'owner'))
      .when('ada', change('ada', 'member'))
      .then([roleChanged('ada', 'member')]);
    given(...lunch, roleChanged('bob', 'owner'), roleChanged('ada', 'member'))
      .when('bob', change('bob', 'admin'))
      .then({ kind: 'last-owner' });
  });

  test('takes away what the role before allowed', () => {
    given(...lunch, roleChanged('bob', 'member'))
      .when('bob', { type: 'RenameGroup', name: 'Dinner' })
      .then({ kind: 'forbidden', needs: 'owner or admin' });
  });
});

describe('renaming a member', () => {
  const rename = (userId: string, name: string): GroupOrder => ({ type: 'RenameMember', userId, name });

  test('everybody may rename themselves, owners and admins everybody', () => {
    given(...lunch)
      .when('cleo', rename('cleo', 'Cleopatra'))
      .then([memberRenamed('cleo', 'Cleopatra')]);
    given(...lunch)
      .when('bob', rename('ada', 'Countess'))
      .then([memberRenamed('ada', 'Countess')]);
    given(...lunch)
      .when('cleo', rename('dan', 'D'))
      .then({ kind: 'forbidden', needs: 'owner or admin' });
  });

  test('to the same name changes nothing', () => {
    given(...lunch, memberRenamed('cleo', 'C'))
      .when('cleo', rename('cleo', 'C'))
      .then([]);
  });

  test('one who is no member, or to no name, is refused', () => {
    given(...lunch)
      .when('ada', rename('eve', 'Eve'))
      .then({ kind: 'target-not-a-member', userId: 'eve' });
    given(...lunch)
      .when('cleo', rename('cleo', ''))
      .then({ kind: 'bad-value', field: 'name', problem: 'is empty', fault: 'empty' });
  });
});

describe('renaming a group', () => {
  const rename = (name: string): GroupOrder => ({ type: 'RenameGroup', name });

  test('owners and admins may', () => {
    given(...lunch)
      .when('ada', rename('Dinner'))
      .then([groupRenamed('Dinner')]);
    given(...lunch)
      .when('bob', rename('Dinner'))
      .then([groupRenamed('Dinner')]);
    given(...lunch)
      .when('cleo', rename('Dinner'))
      .then({ kind: 'forbidden', needs: 'owner or admin' });
  });

  test('to the name that it has changes nothing', () => {
    given(...lunch)
      .when('ada', rename('Lunch'))
      .then([]);
    given(...lunch, groupRenamed('Dinner'))
      .when('ada', rename('Dinner'))
      .then([]);
  });

  test('to no name is refused', () => {
    given(...lunch)
      .when('ada', rename('  '))
      .then({ kind: 'bad-value', field: 'name', problem: 'is empty', fault: 'empty' });
  });
});

const ordersToAStandingGroup: readonly GroupOrder[] = [
  { type: 'RenameGroup', name: 'Dinner' },
  { type: 'AddMembers', members: [{ userId: 'eve' }] },
  { type: 'RemoveMember', userId: 'dan' },
  { type: 'ChangeMemberRole', userId: 'dan', role: 'admin' },
  { type: 'RenameMember', userId: 'cleo', name: 'C' },
  { type: 'SendMessage', messageId: 'm-2', text: 'Hello', mentions: [] },
  { type: 'EditMessage', messageId: 'm-1', text: 'Hello' },
  { type: 'DeleteMessage', messageId: 'm-1' },
  { type: 'AddReaction', messageId: 'm-1', emoji: '👍' },
  { type: 'RemoveReaction', messageId: 'm-1', emoji: '👍' },
];

describe('who may order anything', () => {
  const group = [...lunch, sent(1, 'cleo')];

  test.each([...ordersToAStandingGroup, { type: 'LeaveGroup' } as const])(
    '$type by a stranger is told what it would be told of no group at all',
    (order) => {
      given(...group)
        .when('mallory', order)
        .then({ kind: 'group-not-found' });
      given().when('mallory', order).then({ kind: 'group-not-found' });
    },
  );

  test.each(ordersToAStandingGroup)('$type by one who has left is refused with the reason', (order) => {
    given(...group, left('cleo', 3, 1))
      .when('cleo', order)
      .then({ kind: 'no-longer-a-member' });
  });

  test('one who returns may do again what members may', () => {
    given(created(), added({ ada: 'owner', cleo: 'member' }, 2), left('cleo', 1), added({ cleo: 'member' }, 2))
      .when('cleo', { type: 'SendMessage', messageId: 'm-1', text: 'Back', mentions: [] })
      .then([sent(1, 'cleo', { text: 'Back', audienceCount: 1 })]);
  });
});
