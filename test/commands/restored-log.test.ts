import { beforeEach, describe, expect, test } from 'vitest';
import { decodeRecorded } from '../../src/events/decode-recorded.ts';
import { LogUnavailable, type Position, type RecordedEvent } from '../../src/ports/event-log.ts';
import { createInMemoryEventLog, type InMemoryEventLog } from '../fakes/in-memory-event-log.ts';
import { mark } from './given.ts';
import { createLunch, groupEvents, message, outcome, type Process, startProcess } from './process.ts';

let log: InMemoryEventLog;
let here: Process;

beforeEach(async () => {
  log = createInMemoryEventLog();
  here = startProcess(log);
  await here.order('ada', createLunch);
});

const textsSent = () =>
  groupEvents(log).flatMap((event) => (event.type === 'MessageSent' ? [event.data.messageId] : []));

describe('a log that was restored beneath a warm group', () => {
  test('is read anew, and what comes is decided on what it holds now', async () => {
    for (const id of ['a', 'b', 'c']) await here.order('bob', message(id));
    log.restore(3);
    const [c, again] = await Promise.all([here.order('bob', message('d')), here.order('bob', message('b'))]);
    expect([outcome(c), outcome(again)]).toMatchObject([[{ data: { seq: 2 } }], [{ data: { seq: 3 } }]]);
    expect(textsSent()).toEqual(['a', 'd', 'b']);
  });

  test('is refused where the read models have seen more than it holds, and taken once it has caught up with them', async () => {
    for (const id of ['a', 'b', 'c']) await here.order('bob', message(id));
    here.readModels.advance();
    log.restore(3);
    let reads = 0;
    log.afterReadStream = () => {
      reads += 1;
    };
    await expect(here.order('bob', message('d'))).rejects.toThrow(LogUnavailable);
    await expect(here.commands.newestGroup('lunch')).rejects.toThrow(/version 4 of group-lunch/);
    expect(reads).toBeLessThan(10);
    expect(textsSent()).toEqual(['a']);
    here.readModels.beginAnew();
    await here.order('bob', message('d'));
    expect(textsSent()).toEqual(['a', 'd']);
  });

  test('is noticed by the feed: rights are those of the log as it is now', async () => {
    await here.order('ada', { type: 'AddMembers', members: [{ userId: 'eve' }] });
    here.follow();
    log.restore(2);
    const elsewhere = startProcess(log);
    // Other writers have gone on before this process hears of it.
    await elsewhere.order('ada', { type: 'RemoveMember', userId: 'cleo' });
    const last = log.all.at(-1) as RecordedEvent;
    expect((await here.commands.group('lunch')).state.members.get('eve')?.active).toBe(true);
    const later: Position = 1_000_000;
    here.commands.follow({ ...last, position: later }, decodeRecorded(last));
    const { state } = await here.commands.group('lunch');
    expect([state.members.get('eve'), state.members.get('cleo')?.active]).toEqual([undefined, false]);
  });

  test('whose marks are gone takes them again', async () => {
    await here.order('ada', message('a'));
    await here.commands.handleMark('lunch', mark('bob', 1));
    log.restore(3);
    await here.commands.handleMark('lunch', mark('bob', 1));
    expect(outcome(await here.commands.handleMark('lunch', mark('cleo', 1)))).toHaveLength(1);
  });
});

describe('no log keeps a command for ever', () => {
  async function expectRefused(): Promise<void> {
    await expect(here.order('bob', message('x'))).rejects.toThrow(LogUnavailable);
  }

  test.each([
    ['below', -2],
    ['at', 0],
    ['above', 3],
    ['far above', 1_000_000],
    ['nowhere near', Number.NaN],
  ])('one that always conflicts, %s what was expected', async (_, by) => {
    let appends = 0;
    const append = log.append;
    log.append = async (_stream, expected) => {
      appends += 1;
      return { kind: 'conflict', actualVersion: expected + by };
    };
    await expectRefused();
    expect(appends).toBeLessThan(200);
    log.append = append;
    expect(outcome(await here.order('bob', message('y')))).toHaveLength(1);
  });

  test('one that conflicts at random, below and above', async () => {
    let appends = 0;
    log.append = async (_stream, expected) => {
      appends += 1;
      return { kind: 'conflict', actualVersion: (expected * 7_919 + appends * 104_729) % 12 };
    };
    await expectRefused();
    expect(appends).toBeLessThan(200);
  });

  test('one whose streams miss a version', async () => {
    for (const id of ['a', 'b', 'c']) await here.order('bob', message(id));
    const readStream = log.readStream;
    log.readStream = async (...place) => (await readStream(...place)).filter(({ version }) => version !== 3);
    here = startProcess(log);
    await expect(here.commands.newestGroup('lunch')).rejects.toThrow(/misses version 3/);
    await expectRefused();
  });

  test('one that never shows what the feed has brought', async () => {
    let reads = 0;
    const elsewhere = startProcess(log);
    here = startProcess(log);
    log.afterReadStream = async () => {
      reads += 1;
      log.afterReadStream = () => {
        reads += 1;
      };
      await elsewhere.order('ada', { type: 'RemoveMember', userId: 'cleo' });
      const last = log.all.at(-1) as RecordedEvent;
      here.commands.follow({ ...last, version: 9 }, decodeRecorded(last));
    };
    await expect(here.commands.newestGroup('lunch')).rejects.toThrow(/as far as it was followed/);
    expect(reads).toBeLessThan(50);
    expect((await here.commands.newestGroup('lunch')).state.memberCount).toBe(3);
  });
});
