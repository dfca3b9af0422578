import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeRecorded } from '../../src/events/decode-recorded.ts';
import { assertAsyncProperty } from '../fakes/assert-property.ts';
import { createInMemoryEventLog } from '../fakes/in-memory-event-log.ts';
import { arbitraryOrder } from './arbitrary-order.ts';
import { by } from './given.ts';
import { createLunch, createOracle, groupEvents, message, outcome, startProcess } from './process.ts';

const groupIds = ['lunch', 'dinner', 'tea', 'supper'] as const;

test('a process that has room for hardly one group answers as one that has room for all', async () => {
  const plan = fc.array(fc.tuple(fc.constantFrom(...groupIds), arbitraryOrder, fc.nat({ max: 3 })), {
    maxLength: 100,
    size: 'max',
  });
  await assertAsyncProperty(
    fc.asyncProperty(plan, async (steps) => {
      const log = createInMemoryEventLog();
      const { commands, readModels } = startProcess(log, { capacityBytes: 8_000, generationSize: 3 });
      let ordersGiven = 0;
      const handle = (groupId: string, ...order: Parameters<typeof by>) =>
        commands.handleGroup(groupId, { ...by(...order), commandId: `command-${++ordersGiven}` });
      for (const groupId of groupIds) await handle(groupId, 'ada', Object.assign({}, createLunch, { groupId }));
      const oracles = new Map(groupIds.map((groupId) => [groupId, createOracle(log, groupId)]));
      for (const [groupId, { actorId, order }, projected] of steps) {
        const expected = oracles.get(groupId)?.(actorId, order);
        expect(outcome(await handle(groupId, actorId, order))).toEqual(expected);
        readModels.advance(projected);
      }
    }),
  );
});

test('groups that are let go while commands on all of them are under way are answered right', async () => {
  const log = createInMemoryEventLog();
  const { commands } = startProcess(log, { capacityBytes: 1 });
  const handle = (groupId: string, actorId: string, ...order: [Parameters<typeof by>[1], string]) =>
    commands.handleGroup(groupId, by(actorId, ...order));
  await Promise.all(
    groupIds.map((groupId) => handle(groupId, 'ada', Object.assign({}, createLunch, { groupId }), 'create')),
  );
  const ids = Array.from({ length: 25 }, (_, index) => `m-${index + 1}`);
  const sendAll = (groupId: string) => Promise.all(ids.map((id) => handle(groupId, 'bob', message(id), id)));
  await Promise.all(groupIds.map(sendAll));
  for (const groupId of groupIds) {
    const sent = groupEvents(log, groupId).flatMap((event) => (event.type === 'MessageSent' ? [event.data] : []));
    expect(sent.map(({ seq, messageId }) => [seq, messageId])).toEqual(ids.map((id, index) => [index + 1, id]));
  }
});

describe('following the log', () => {
  test('keeps a warm group as new as the feed', async () => {
    const log = createInMemoryEventLog();
    const [here, elsewhere] = [startProcess(log), startProcess(log)];
    await here.order('ada', createLunch);
    await elsewhere.order('ada', { type: 'RemoveMember', userId: 'cleo' });
    expect((await here.commands.group('lunch')).state.members.get('cleo')?.active).toBe(true);
    here.follow();
    expect((await here.commands.group('lunch')).state.members.get('cleo')?.active).toBe(false);
  });

  test('misses nothing that comes by the feed while the group is loading', async () => {
    const log = createInMemoryEventLog();
    const elsewhere = startProcess(log);
    await elsewhere.order('ada', createLunch);
    const here = startProcess(log);
    log.afterReadStream = async () => {
      log.afterReadStream = () => undefined;
      await elsewhere.order('ada', { type: 'RemoveMember', userId: 'cleo' });
      here.follow();
    };
    expect((await here.commands.group('lunch')).state.members.get('cleo')?.active).toBe(false);
    await elsewhere.order('ada', { type: 'RemoveMember', userId: 'dan' });
    here.follow();
    expect((await here.commands.group('lunch')).state.members.get('dan')?.active).toBe(false);
  });

  test('keeps only so much of the feed while the group is loading, and reads on as long as it comes nearer', async () => {
    const log = createInMemoryEventLog();
    const elsewhere = startProcess(log);
    await elsewhere.order('ada', createLunch);
    const here = startProcess(log);
    const rounds = 15;
    let reads = 0;
    log.afterReadStream = async () => {
      if (reads === rounds) return;
      reads += 1;
      const ids = Array.from({ length: 150 }, (_, index) => `m-${reads}-${index}`);
      await Promise.all(ids.map((id) => elsewhere.order('bob', message(id))));
      here.follow();
    };
    expect((await here.commands.group('lunch')).state.lastSeq).toBe(150 * rounds);
    expect(reads).toBe(rounds);
  });

  test('misses nothing that comes by the feed just when the group has been loaded', async () => {
    for (let turns = 0; turns < 12; turns += 1) {
      const log = createInMemoryEventLog();
      const elsewhere = startProcess(log);
      await elsewhere.order('ada', createLunch);
      const here = startProcess(log);
      const followed = Promise.withResolvers<void>();
      log.afterReadStream = async () => {
        log.afterReadStream = () => undefined;
        await elsewhere.order('ada', { type: 'RemoveMember', userId: 'cleo' });
        let left = turns;
        const wait = () => {
          left -= 1;
          if (left >= 0) return queueMicrotask(wait);
          here.follow();
          followed.resolve();
        };
        queueMicrotask(wait);
      };
      await here.commands.group('lunch');
      await followed.promise;
      const { state } = await here.commands.group('lunch');
      expect(state.members.get('cleo')?.active, `after ${turns} turns`).toBe(false);
    }
  });

  test('again from an earlier place changes nothing', async () => {
    const log = createInMemoryEventLog();
    const here = startProcess(log);
    await here.order('ada', createLunch);
    await here.order('bob', message('a'));
    const before = await here.commands.group('lunch');
    for (const recorded of log.all) here.commands.follow(recorded, decodeRecorded(recorded));
    expect(await here.commands.group('lunch')).toEqual(before);
  });
});

test('a group that is let go in the middle of reading its tail is loaded again', async () => {
  const log = createInMemoryEventLog();
  const [here, elsewhere] = [startProcess(log, { capacityBytes: 1 }), startProcess(log)];
  await here.order('ada', createLunch);
  const ids = Array.from({ length: 2_500 }, (_, index) => `m-${index + 1}`);
  await Promise.all(ids.map((id) => elsewhere.order('bob', message(id))));
  log.afterReadStream = async () => {
    log.afterReadStream = () => undefined;
    await here.commands.group('dinner');
  };
  expect((await here.commands.newestGroup('lunch')).state.lastSeq).toBe(2_500);
});

test('a group whose loading fails is loaded anew by who asks next', async () => {
  const log = createInMemoryEventLog();
  const elsewhere = startProcess(log);
  await elsewhere.order('ada', { type: 'CreateGroup', groupId: 'lunch', name: 'Lunch', members: [] });
  const here = startProcess(log);
  // A snapshot to begin with, which lacks what is in the log by now.
  here.readModels.advance();
  await elsewhere.order('ada', {
    type: 'AddMembers',
    members: [{ userId: 'bob' }, { userId: 'cleo' }, { userId: 'dan' }],
  });
  log.afterReadStream = () => {
    log.afterReadStream = () => undefined;
    throw new Error('the log is not there');
  };
  await expect(here.commands.group('lunch')).rejects.toThrow('the log is not there');
  expect((await here.commands.group('lunch')).state.memberCount).toBe(4);
});
