import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { LogUnavailable } from '../../src/ports/event-log.ts';
import { GroupHalted } from '../../src/ports/halted-groups.ts';
import { createPolicy } from '../../src/rights/policy.ts';
import { added, lunch, removed } from '../commands/events.ts';
import { createStage, groupId, type Stage } from '../delivery/stage.ts';

let stage: Stage;
beforeEach(async () => {
  stage = createStage();
  await stage.append(...lunch);
  await stage.fed();
  await stage.commands.group(groupId);
  // From here on this process hears of nothing: what others append stands in the log only.
  stage.hold();
});
afterEach(() => stage.stop());

const eve = { userId: 'eve', name: 'Eve', expiresAt: 1_000_000 };

async function countReads(run: () => Promise<unknown>): Promise<number> {
  let reads = 0;
  stage.log.afterReadStream = () => {
    reads += 1;
  };
  await run();
  return reads;
}

describe('nobody is refused without a look at the log', () => {
  beforeEach(() => stage.append(added({ eve: 'member' }, 5)));

  test('who was added by another process a moment ago may see the group', async () => {
    expect(await stage.policy.requireMember(eve, groupId)).toMatchObject({ version: 2, member: { role: 'member' } });
  });

  test('and is delivered to', async () => {
    expect(await stage.policy.refuseDelivery(eve, groupId)).toBeUndefined();
  });

  test('and sees it in lists', async () => {
    expect(await stage.policy.visible(eve, [groupId, 'nowhere'])).toEqual(new Set([groupId]));
  });
});

test('who is known to be a member is let in without the log', async () => {
  const bob = stage.viewerOf('bob');
  expect(await countReads(() => stage.policy.requireMember(bob, groupId))).toBe(0);
});

test('a stranger is told that there is no such group, one who was a member that they no longer are', async () => {
  expect(await stage.policy.requireMember(eve, groupId)).toEqual({ refused: { kind: 'group-not-found' } });
  expect(await stage.policy.refuseDelivery(eve, 'nowhere')).toEqual({ kind: 'group-not-found' });
  stage.release();
  await stage.append(removed('bob', 3));
  await stage.fed();
  const bob = stage.viewerOf('bob');
  expect(await stage.policy.requireMember(bob, groupId)).toEqual({ refused: { kind: 'no-longer-a-member' } });
});

test('while the log does not answer, rights are those last known', async () => {
  await stage.append(added({ eve: 'member' }, 5));
  const newestGroup = () => Promise.reject(new LogUnavailable('by order of the test'));
  const policy = createPolicy({ ...stage.commands, newestGroup }, () => 0);
  expect(await policy.refuseDelivery(eve, groupId)).toEqual({ kind: 'group-not-found' });
  expect(await policy.refuseDelivery(stage.viewerOf('bob'), groupId)).toBeUndefined();
  expect(await policy.visible(eve, [groupId])).toEqual(new Set());
});

test('what is no outage is no answer', async () => {
  const newestGroup = () => Promise.reject(new RangeError('by order of the test'));
  const policy = createPolicy({ ...stage.commands, newestGroup }, () => 0);
  await expect(policy.requireMember(eve, groupId)).rejects.toThrow(RangeError);
  await expect(policy.visible(eve, [groupId])).rejects.toThrow(RangeError);
});

test('a halted group is in no list, and keeps no other out of it', async () => {
  const group = async (id: string) => {
    if (id === 'halted') throw new GroupHalted({ groupId: id, position: 0, reason: 'by order of the test' });
    return stage.commands.group(id);
  };
  const policy = createPolicy({ ...stage.commands, group }, () => 0);
  expect(await policy.visible(stage.viewerOf('bob'), ['halted', groupId])).toEqual(new Set([groupId]));
});

test('nothing is seen or delivered after the token’s end', async () => {
  stage.now = 1_000_000;
  const bob = stage.viewerOf('bob');
  expect(await stage.policy.requireMember(bob, groupId)).toMatchObject({ refused: { kind: 'unauthenticated' } });
  expect(await stage.policy.refuseDelivery(bob, groupId)).toMatchObject({ kind: 'unauthenticated' });
  expect(await stage.policy.visible(bob, [groupId])).toEqual(new Set());
});
