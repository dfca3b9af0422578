import { beforeEach, describe, expect, test } from 'vitest';
import { digestOf } from '../../src/commands/command-digest.ts';
import type { GroupCommand } from '../../src/commands/group.ts';
import { AppendUnknown, LogUnavailable } from '../../src/ports/event-log.ts';
import { createInMemoryEventLog, type InMemoryEventLog } from '../fakes/in-memory-event-log.ts';
import { by, type GroupOrder } from './given.ts';
import { createLunch, groupEvents, type Process, startProcess } from './process.ts';

let log: InMemoryEventLog;
let here: Process;

beforeEach(async () => {
  log = createInMemoryEventLog();
  here = startProcess(log);
  await here.order('ada', createLunch);
});

const commanded = (order: GroupOrder, commandId = 'c-1'): GroupCommand => ({
  ...by('ada', order, commandId),
  commandDigest: digestOf(order),
});
const give = (process: Process, order: GroupOrder, groupId = 'lunch') =>
  process.commands.handleGroup(groupId, commanded(order));

/** Names of 150 letters: 10,000 people do not fit into one append. */
const members = Array.from({ length: 10_000 }, (_, index) => ({ userId: `user-${index}`, name: 'x'.repeat(150) }));
const addAll: GroupOrder = { type: 'AddMembers', members };
const createLarge: GroupOrder = { type: 'CreateGroup', groupId: 'large', name: 'Large', members };

const idsAdded = (groupId: string) =>
  groupEvents(log, groupId).flatMap((event) =>
    event.type === 'MembersAdded' ? event.data.members.map(({ userId }) => userId) : [],
  );

describe.each([
  ['lost its log', new LogUnavailable('the disk is full'), 'beforeAppend'],
  ['was not told whether the second was stored, which it was not', new AppendUnknown('broken'), 'beforeAppend'],
  ['was not told whether the second was stored, which it was', new AppendUnknown('broken'), 'afterAppend'],
] as const)('a command of several appends that %s', (_, error, when) => {
  async function interrupt(order: GroupOrder, groupId: string): Promise<void> {
    let appends = 0;
    log[when] = () => {
      appends += 1;
      if (appends === 2) throw error;
    };
    await expect(give(here, order, groupId)).rejects.toThrow(error);
    log[when] = () => undefined;
  }

  test('is finished by its retry on another process, which adds everybody once, whoever has left meanwhile', async () => {
    await interrupt(addAll, 'lunch');
    const before = idsAdded('lunch').length;
    expect(before).toBeGreaterThan(4);
    expect(before).toBeLessThan(10_004);
    const elsewhere = startProcess(log);
    await elsewhere.order('ada', { type: 'RemoveMember', userId: 'user-3' });
    await elsewhere.order('user-4', { type: 'LeaveGroup' });
    const handled = await give(elsewhere, addAll);
    expect(handled).toMatchObject({ isRepetition: false, state: { memberCount: 10_002 } });
    expect(idsAdded('lunch').slice(4)).toEqual(members.map(({ userId }) => userId));
    const end = log.all.at(-1)?.position;
    await elsewhere.order('user-5', { type: 'LeaveGroup' });
    expect(await give(startProcess(log), addAll)).toMatchObject({ isRepetition: true, position: end });
    expect(idsAdded('lunch')).toHaveLength(10_004);
  });

  test('creates its group wholly, also where it was renamed meanwhile', async () => {
    await interrupt(createLarge, 'large');
    const elsewhere = startProcess(log);
    await elsewhere.commands.handleGroup('large', by('ada', { type: 'RenameGroup', name: 'Renamed' }, 'rename'));
    await elsewhere.commands.handleGroup('large', by('user-3', { type: 'LeaveGroup' }, 'leave'));
    expect(await give(elsewhere, createLarge, 'large')).toMatchObject({
      state: { memberCount: 10_000, name: 'Renamed' },
    });
    expect(idsAdded('large')).toEqual(['ada', ...members.map(({ userId }) => userId)]);
    const again = await give(elsewhere, createLarge, 'large');
    expect(again).toMatchObject({ isRepetition: true, events: [] });
  });
});

test('a conflict between the appends of a command adds nobody again who leaves in between', async () => {
  const elsewhere = startProcess(log);
  let appends = 0;
  log.beforeAppend = async () => {
    appends += 1;
    if (appends !== 2) return;
    log.beforeAppend = () => undefined;
    await elsewhere.order('user-3', { type: 'LeaveGroup' });
  };
  expect(await give(here, addAll)).toMatchObject({ state: { memberCount: 10_003 } });
  expect(idsAdded('lunch').slice(4)).toEqual(members.map(({ userId }) => userId));
});

describe('a command whose append was not answered', () => {
  const rename: GroupOrder = { type: 'RenameGroup', name: 'Tea' };

  test('is the same event again where nothing has happened in between, whichever process takes the retry', async () => {
    const ids: string[] = [];
    log.beforeAppend = (_, events) => {
      ids.push(...events.map(({ eventId }) => eventId));
      if (ids.length === 1) throw new AppendUnknown('broken');
    };
    await expect(give(here, rename)).rejects.toThrow(AppendUnknown);
    await give(startProcess(log), rename);
    expect(ids).toHaveLength(2);
    expect(ids[1]).toBe(ids[0]);
  });

  test('is found where it was stored, also when it was undone in between', async () => {
    log.afterAppend = () => {
      log.afterAppend = () => undefined;
      throw new AppendUnknown('broken');
    };
    await expect(give(here, rename)).rejects.toThrow(AppendUnknown);
    const position = log.all.at(-1)?.position;
    await startProcess(log).order('bob', { type: 'RenameGroup', name: 'Dinner' });
    expect(await give(here, rename)).toMatchObject({ isRepetition: true, position, state: { name: 'Dinner' } });
  });
});

test('the same command twice at once is carried out once, and both are told so', async () => {
  const before = log.all.length;
  const order: GroupOrder = { type: 'AddMembers', members: [{ userId: 'eve' }] };
  const handled = await Promise.all([give(here, order), give(here, order), give(startProcess(log), order)]);
  expect(log.all.length).toBe(before + 1);
  const position = log.all.at(-1)?.position;
  for (const one of handled) expect(one).toMatchObject({ position });
});
