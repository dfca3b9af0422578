import { beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { AppendUnknown, LogUnavailable } from '../../src/ports/event-log.ts';
import { createInMemoryEventLog, type InMemoryEventLog } from '../fakes/in-memory-event-log.ts';
import { readUpTo } from './events.ts';
import { mark } from './given.ts';
import { createLunch, groupEvents, message, outcome, type Process, readsEvents, startProcess } from './process.ts';

let log: InMemoryEventLog;
let here: Process;

beforeEach(async () => {
  log = createInMemoryEventLog();
  here = startProcess(log);
  await here.order('ada', createLunch);
});

/** Fails one append, after so many that pass: before it is stored, or after. */
function failAppend(error: Error, when: 'beforeAppend' | 'afterAppend', passing = 0): void {
  let left = passing;
  log[when] = () => {
    left -= 1;
    if (left >= 0) return;
    log[when] = () => undefined;
    throw error;
  };
}

const idsSent = () => groupEvents(log).flatMap((event) => (event.type === 'MessageSent' ? [event.data.messageId] : []));
const answers = (settled: readonly PromiseSettledResult<unknown>[]) =>
  settled.map((one) => (one.status === 'fulfilled' ? 'answered' : one.reason?.name));

describe('after AppendUnknown', () => {
  test.each(['beforeAppend', 'afterAppend'] as const)(
    'that came in %s, handing in the same command again yields the message once',
    async (when) => {
      failAppend(new AppendUnknown('the connection broke'), when);
      await expect(here.order('bob', message('a'), 'c-1')).rejects.toThrow(AppendUnknown);
      const handled = await here.order('bob', message('a'), 'c-1');
      expect('refused' in handled).toBe(false);
      expect(handled).toMatchObject({ position: log.all.at(-1)?.position });
      expect(idsSent()).toEqual(['a']);
    },
  );

  test('a late append is met as a conflict and not repeated', async () => {
    const stored = startProcess(log);
    failAppend(new AppendUnknown('the connection broke'), 'beforeAppend');
    await expect(here.order('bob', message('a'), 'c-1')).rejects.toThrow(AppendUnknown);
    log.beforeAppend = async () => {
      log.beforeAppend = () => undefined;
      await stored.order('bob', message('a'), 'c-1');
    };
    await here.order('bob', message('a'), 'c-1');
    expect(idsSent()).toEqual(['a']);
  });

  test('every command of the batch is told so, and the next ones go on', async () => {
    failAppend(new AppendUnknown('the connection broke'), 'afterAppend');
    const batch = await Promise.allSettled(['a', 'b'].map((id) => here.order('bob', message(id))));
    expect(answers(batch)).toEqual(['AppendUnknown', 'AppendUnknown']);
    await here.order('bob', message('c'));
    expect(idsSent()).toEqual(['a', 'b', 'c']);
  });
});

describe('after LogUnavailable', () => {
  test('nothing is stored, and handing in the same command again stores it', async () => {
    failAppend(new LogUnavailable('the disk is full'), 'beforeAppend');
    await expect(here.order('bob', message('a'), 'c-1')).rejects.toThrow(LogUnavailable);
    expect(idsSent()).toEqual([]);
    await here.order('bob', message('a'), 'c-1');
    expect(idsSent()).toEqual(['a']);
  });

  test('commands that were waiting are tried on their own', async () => {
    const begun = Promise.withResolvers<void>();
    const held = Promise.withResolvers<void>();
    log.beforeAppend = async () => {
      log.beforeAppend = () => undefined;
      begun.resolve();
      await held.promise;
      throw new LogUnavailable('the disk is full');
    };
    const first = here.order('bob', message('a'));
    await begun.promise;
    const second = here.order('bob', message('b'));
    held.resolve();
    await expect(first).rejects.toThrow(LogUnavailable);
    await second;
    expect(idsSent()).toEqual(['b']);
  });

  test('in the middle of a split batch, those are answered whose events are stored, and only those', async () => {
    failAppend(new LogUnavailable('the disk is full'), 'beforeAppend', 1);
    const ids = Array.from({ length: 100 }, (_, index) => `m-${index}`);
    const batch = await Promise.allSettled(ids.map((id) => here.order('bob', message(id, '語'.repeat(8_000)))));
    const answered = ids.filter((_, index) => batch[index]?.status === 'fulfilled');
    expect(idsSent()).toEqual(answered);
    expect(new Set(answers(batch))).toEqual(new Set(['answered', 'LogUnavailable']));
  });

  test('in the middle of creating a large group, creating it again adds who is missing', async () => {
    const members = Array.from({ length: 10_000 }, (_, index) => ({ userId: `user-${index}`, name: 'x'.repeat(150) }));
    const create = { type: 'CreateGroup', groupId: 'large', name: 'Large', members } as const;
    const command = { ...create, commandId: 'c-1', actorId: 'ada', at: '2026-11-24T12:00:00.000Z' };
    failAppend(new LogUnavailable('the disk is full'), 'beforeAppend', 1);
    await expect(here.commands.handleGroup('large', command)).rejects.toThrow(LogUnavailable);
    expect((await here.commands.group('large')).state.memberCount).toBeLessThan(10_001);
    const handled = await here.commands.handleGroup('large', command);
    expect(handled).toMatchObject({ state: { memberCount: 10_001 } });
    expect(outcome(await here.commands.handleGroup('large', command))).toEqual([]);
  });
});

test('a command that no event may hold is refused with a ZodError, and its batch goes on without it', async () => {
  const batch = await Promise.allSettled([
    here.order('bob', message('a')),
    here.order('bob', message('an id with spaces')),
    here.order('cleo', message('b')),
  ]);
  expect(answers(batch)).toEqual(['answered', 'ZodError', 'answered']);
  await expect(here.order('bob', message('an id with spaces'))).rejects.toThrow(z.ZodError);
  expect(idsSent()).toEqual(['a', 'b']);
});

describe('marks', () => {
  beforeEach(async () => {
    await Promise.all([1, 2, 3, 4, 5].map((seq) => here.order('ada', message(`m-${seq}`))));
  });
  const markHere = (userId: string, upTo: number) => here.commands.handleMark('lunch', mark(userId, upTo));

  test('that arrive together are appended once for each reader, and all are answered', async () => {
    const handled = await Promise.all([
      markHere('bob', 2),
      markHere('cleo', 3),
      markHere('bob', 1),
      markHere('bob', 5),
      markHere('dan', 9),
    ]);
    expect(readsEvents(log)).toEqual([readUpTo('cleo', 3), readUpTo('bob', 5)]);
    expect(handled.map(outcome)).toEqual([
      [],
      [readUpTo('cleo', 3)],
      [],
      [readUpTo('bob', 5)],
      { kind: 'beyond-newest', lastSeq: 5 },
    ]);
    expect(handled[0]).toMatchObject({ position: log.all.at(-1)?.position });
  });

  test('that leave their word to a later one are not answered before it is durable', async () => {
    await markHere('dan', 1);
    const elsewhere = startProcess(log);
    log.beforeAppend = async () => {
      log.beforeAppend = () => undefined;
      await elsewhere.commands.handleMark('lunch', mark('dan', 2));
      failAppend(new LogUnavailable('the disk is full'), 'beforeAppend');
    };
    const batch = await Promise.allSettled([markHere('bob', 2), markHere('cleo', 3), markHere('bob', 5)]);
    expect(answers(batch)).toEqual(['LogUnavailable', 'LogUnavailable', 'LogUnavailable']);
    expect(readsEvents(log)).toEqual([readUpTo('dan', 1), readUpTo('dan', 2)]);
  });

  test('of a message that another process has just stored are taken', async () => {
    await startProcess(log).order('ada', message('m-6'));
    expect(outcome(await markHere('bob', 6))).toEqual([readUpTo('bob', 6)]);
  });

  test('of one whom another process has just added are taken', async () => {
    await markHere('bob', 1);
    await startProcess(log).order('ada', { type: 'AddMembers', members: [{ userId: 'eve' }] });
    expect(outcome(await markHere('eve', 5))).toEqual([readUpTo('eve', 5)]);
  });

  test('of one who returned keep the highest of an append, for the lower ones may come later', async () => {
    await here.order('cleo', { type: 'LeaveGroup' });
    await here.order('ada', { type: 'AddMembers', members: [{ userId: 'cleo' }] });
    await Promise.all([markHere('cleo', 5), markHere('cleo', 3)]);
    expect(readsEvents(log)).toEqual([readUpTo('cleo', 5)]);
  });
});
