import { describe, expect, test } from 'vitest';
import { groupDecider } from '../../src/commands/group.ts';
import { limits } from '../../src/commands/limits.ts';
import { isRefused, isRepeated } from '../../src/commands/refusal.ts';
import { encodeEvent } from '../../src/events/codec.ts';
import { added, created, left, lunch, removed, sent } from './events.ts';
import { by, foldGroup, type GroupOrder, given } from './given.ts';

const create: GroupOrder = { type: 'CreateGroup', groupId: 'lunch', name: 'Lunch', members: [] };
const people = (count: number, first = 0) =>
  Array.from({ length: count }, (_, index) => ({ userId: `user-${first + index}` }));

/** What an order makes of a history, which must not refuse it. */
function decide(order: GroupOrder, ...history: Parameters<typeof foldGroup>[0]) {
  const decision = groupDecider.decide(by('ada', order), foldGroup(history), undefined);
  if (isRefused(decision)) throw new Error(`refused: ${decision.refused.kind}`);
  if (isRepeated(decision)) throw new Error('repeated');
  return decision;
}

describe('adding many members', () => {
  test('10,000 at once are added in events of at most 1,000, each with its own member count', () => {
    const events = decide({ type: 'AddMembers', members: people(10_000) }, ...lunch, sent(1, 'ada'));
    const chunks = events.map((event) => (event.type === 'MembersAdded' ? event.data : undefined));
    expect(chunks.map((chunk) => chunk?.members.length)).toEqual(Array.from({ length: 10 }, () => 1_000));
    expect(chunks.map((chunk) => chunk?.memberCount)).toEqual(
      Array.from({ length: 10 }, (_, index) => 4 + 1_000 * (index + 1)),
    );
    expect(chunks.every((chunk) => chunk?.afterSeq === 1)).toBe(true);
    const state = foldGroup([...lunch, sent(1, 'ada'), ...events]);
    expect(state.memberCount).toBe(10_004);
    expect(state.members.count(({ active }) => active)).toBe(10_004);
  });

  test('a group may be created with 10,000 members besides its creator', () => {
    const events = decide({ ...create, members: people(10_000) });
    expect(foldGroup(events).memberCount).toBe(10_001);
  });

  test.each(['AddMembers', 'CreateGroup'] as const)('10,001 in one %s are refused', (type) => {
    const members = people(limits.membersPerCommand + 1);
    const expected = { kind: 'bad-value', field: 'members', problem: 'at most 10000 at once' } as const;
    if (type === 'CreateGroup')
      given()
        .when('ada', { ...create, members })
        .then(expected);
    else
      given(...lunch)
        .when('ada', { type, members })
        .then(expected);
  });

  test('members with the longest ids and names that are taken keep every event below the limit of an append', () => {
    const members = people(2_000).map(({ userId }) => ({ userId: userId.padEnd(128, '語'), name: '語'.repeat(200) }));
    const metadata = { correlationId: 'c', causationId: 'c', actorId: 'ada', at: '2026-11-24T12:00:00.000Z' };
    for (const event of decide({ type: 'AddMembers', members }, ...lunch)) {
      expect(Buffer.byteLength(encodeEvent(event, metadata, 'e').data)).toBeLessThan(900_000);
    }
  });
});

describe('adding members', () => {
  const add = (...userIds: readonly string[]): GroupOrder => ({
    type: 'AddMembers',
    members: userIds.map((userId) => ({ userId })),
  });

  test('an owner and an admin may add, and the newcomers are in no audience of what was sent before', () => {
    given(...lunch, sent(1, 'ada'))
      .when('ada', add('eve'))
      .then([added({ eve: 'member' }, 5, 1)]);
    given(...lunch)
      .when('bob', add('eve'))
      .then([added({ eve: 'member' }, 5)]);
  });

  test('who is a member already is left as they are, role and name', () => {
    given(...lunch)
      .when('ada', { type: 'AddMembers', members: [{ userId: 'bob', name: 'Robert', role: 'member' }] })
      .then([]);
    given(...lunch)
      .when('ada', add('bob', 'eve', 'eve'))
      .then([added({ eve: 'member' }, 5)]);
    given(...lunch)
      .when('ada', add())
      .then([]);
  });

  test('who returns gets their name back, and no role that they had', () => {
    const renamed = { type: 'MemberRenamed', data: { userId: 'bob', name: 'Robert' } } as const;
    const members = [{ userId: 'bob', name: 'Robert', role: 'member' as const }];
    given(...lunch, renamed, left('bob', 3), sent(1, 'ada'))
      .when('ada', add('bob'))
      .then([{ type: 'MembersAdded', data: { members, afterSeq: 1, memberCount: 4 } }]);
  });

  test('a member may add nobody, an admin no owner or admin, an owner both', () => {
    given(...lunch)
      .when('cleo', add('eve'))
      .then({ kind: 'forbidden', needs: 'owner or admin' });
    for (const role of ['owner', 'admin'] as const) {
      const order: GroupOrder = { type: 'AddMembers', members: [{ userId: 'eve', role }] };
      given(...lunch)
        .when('bob', order)
        .then({ kind: 'forbidden', needs: 'owner' });
      given(...lunch)
        .when('ada', order)
        .then([added({ eve: role }, 5)]);
    }
  });

  test('a name that is none is refused', () => {
    given(...lunch)
      .when('ada', { type: 'AddMembers', members: [{ userId: 'eve', name: ' ' }] })
      .then({ kind: 'bad-value', field: 'members.name', problem: 'is empty', fault: 'empty' });
  });
});

describe('leaving and removing', () => {
  const remove = (userId: string): GroupOrder => ({ type: 'RemoveMember', userId });

  test('a member leaves after the newest message, and leaving again changes nothing', () => {
    given(...lunch, sent(1, 'ada'))
      .when('cleo', { type: 'LeaveGroup' })
      .then([left('cleo', 3, 1)]);
    given(...lunch, left('cleo', 3))
      .when('cleo', { type: 'LeaveGroup' })
      .then([]);
  });

  test('the last owner may leave only as the last member', () => {
    given(...lunch)
      .when('ada', { type: 'LeaveGroup' })
      .then({ kind: 'last-owner' });
    given(created(), added({ ada: 'owner' }, 1))
      .when('ada', { type: 'LeaveGroup' })
      .then([left('ada', 0)]);
  });

  test('whoever is alone in a group has no way out but leaving, and is told so', () => {
    const alone = [...lunch, left('bob', 3), left('cleo', 2), removed('dan', 1)];
    given(...alone)
      .when('ada', remove('ada'))
      .then({ kind: 'last-member' });
    given(...alone)
      .when('ada', { type: 'ChangeMemberRole', userId: 'ada', role: 'member' })
      .then({ kind: 'last-member' });
    given(...alone)
      .when('ada', { type: 'LeaveGroup' })
      .then([left('ada', 0)]);
  });

  test('one of two owners may leave, and the other is then the last', () => {
    const two = [...lunch, added({ eve: 'owner' }, 5)];
    given(...two)
      .when('ada', { type: 'LeaveGroup' })
      .then([left('ada', 4)]);
    given(...two, left('ada', 4))
      .when('eve', { type: 'LeaveGroup' })
      .then({ kind: 'last-owner' });
    given(...two, removed('ada', 4))
      .when('eve', { type: 'LeaveGroup' })
      .then({ kind: 'last-owner' });
  });

  test('an owner removes anybody but the last owner', () => {
    given(...lunch, sent(1, 'bob'))
      .when('ada', remove('bob'))
      .then([removed('bob', 3, 1)]);
    given(...lunch)
      .when('ada', remove('ada'))
      .then({ kind: 'last-owner' });
    given(...lunch, added({ eve: 'owner' }, 5))
      .when('ada', remove('eve'))
      .then([removed('eve', 4)]);
  });

  test('an admin removes members only, a member nobody', () => {
    const needs = 'owner, or admin for a member';
    given(...lunch)
      .when('bob', remove('cleo'))
      .then([removed('cleo', 3)]);
    given(...lunch)
      .when('bob', remove('ada'))
      .then({ kind: 'forbidden', needs });
    given(...lunch, added({ eve: 'admin' }, 5))
      .when('bob', remove('eve'))
      .then({ kind: 'forbidden', needs });
    given(...lunch)
      .when('cleo', remove('dan'))
      .then({ kind: 'forbidden', needs });
  });

  test('removing one who is gone changes nothing, removing one who never came is refused', () => {
    given(...lunch, removed('cleo', 3))
      .when('ada', remove('cleo'))
      .then([]);
    given(...lunch, left('cleo', 3))
      .when('ada', remove('cleo'))
      .then([]);
    given(...lunch)
      .when('ada', remove('eve'))
      .then({ kind: 'target-not-a-member', userId: 'eve' });
  });
});
