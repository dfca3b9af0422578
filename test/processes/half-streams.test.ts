import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import pino from 'pino';
import { expect, onTestFinished, test, vi } from 'vitest';
import { groupStream, readsStream } from '../../src/events/stream-name.ts';
import { startScriptedServer } from '../../torture/scripted/server.ts';
import { createGroup, mark, type Sent, send } from '../api/conversation.ts';
import * as documents from '../api/documents.ts';
import { type Person, startTestServer } from '../api/running-server.ts';

/** What becomes of a group of whose streams the event store has let go, in part or of all, and what is said of it. */

const haltedCode = { extensions: { code: 'UNAVAILABLE', reason: 'GROUP_HALTED' } };

async function talk([ada, bob]: readonly Person[], ...groupIds: readonly string[]): Promise<void> {
  for (const groupId of groupIds) {
    await createGroup(ada as Person, groupId, [bob as Person]);
    for (const text of ['one', 'two']) await send(ada as Person, groupId, `${groupId}-${text}`, text);
    await mark(bob as Person, groupId, 1);
  }
}

/** A running process, what it logs, and how to ask it for things. */
async function scene(options: Parameters<typeof startTestServer>[0]) {
  const lines: { readonly level: number; readonly msg: string; readonly reason?: string; readonly err?: object }[] = [];
  const logger = pino({ level: 'info' }, { write: (line: string) => void lines.push(JSON.parse(line)) });
  const server = await startTestServer({ ...options, logger });
  onTestFinished(() => server.stop());
  const people = await Promise.all(['ada', 'bob'].map((userId) => server.person(userId)));
  const [ada] = people as [Person, Person];
  const sendTo = (groupId: string, messageId: string = crypto.randomUUID()) =>
    ada.ask(documents.sendMessage, { input: { groupId, messageId, text: 'after' } });
  const goesOn = async (groupId: string) => {
    const { sendMessage } = await ada.get<Sent>(documents.sendMessage, {
      input: { groupId, messageId: crypto.randomUUID(), text: 'after' },
    });
    return ada.get<{ group: { lastSeq: number } }>(documents.timelinePage, {
      id: groupId,
      last: 9,
      atLeast: sendMessage.position,
    });
  };
  const haltedGroups = async () =>
    ((await (await fetch(`${server.url}/ready`)).json()) as { haltedGroups: number }).haltedGroups;
  return { server, people, ada, lines, sendTo, goesOn, haltedGroups };
}

test('a group whose stream is deleted for good in EventStoreDB is halted, and said so once, without a stack', async () => {
  const store = await startScriptedServer();
  onTestFinished(() => store.stop());
  const { server, people, ada, lines, sendTo, goesOn, haltedGroups } = await scene({
    environment: { HIGHWATER_EVENTSTORE_URL: store.url },
  });
  await talk(people, 'gone', 'whole');
  await goesOn('gone');
  store.log.tombstone(groupStream('gone'));
  for (let times = 0; times < 5; times += 1) expect((await sendTo('gone')).errors).toMatchObject([haltedCode]);
  await vi.waitFor(async () => expect(await server.services.readModels.haltedGroups()).toHaveLength(1));
  expect(await ada.refused(documents.timelinePage, { id: 'gone', last: 9 })).toBe('UNAVAILABLE');
  await goesOn('whole');
  expect(await haltedGroups()).toBe(1);
  const said = () => lines.filter(({ reason }) => reason?.includes('group-gone was deleted for good'));
  // Once by the part that serves, and once by the projector.
  expect(said().length).toBeLessThanOrEqual(2);
  expect(lines.filter(({ err }) => err !== undefined)).toEqual([]);
  await server.restart();
  await vi.waitFor(async () => expect((await sendTo('gone')).errors).toMatchObject([haltedCode]));
  await goesOn('whole');
  expect(await haltedGroups()).toBe(1);
});

test('what EventStoreDB lets go of is served by rows that hold it, and at a rebuild its groups are halted, which is said', async () => {
  const store = await startScriptedServer();
  onTestFinished(() => store.stop());
  let isRebuilt = false;
  const { server, people, lines, goesOn, haltedGroups } = await scene({
    environment: { HIGHWATER_EVENTSTORE_URL: store.url },
    async betweenRuns(dataDirectory) {
      if (isRebuilt) await throwReadModelsAway(dataDirectory);
    },
  });
  await talk(people, 'half', 'marks', 'whole');
  for (const groupId of ['half', 'marks']) await goesOn(groupId);
  store.log.truncateBefore(groupStream('half'), 2);
  await mark(people[1] as Person, 'marks', 2);
  store.log.truncateBefore(readsStream('marks'), 1);
  store.log.scavenge();

  // The control: rows that were there before go on.
  await server.restart();
  for (const groupId of ['half', 'marks', 'whole']) await goesOn(groupId);
  expect(await haltedGroups()).toBe(0);

  isRebuilt = true;
  await server.restart();
  await goesOn('whole');
  const halts = await vi.waitFor(async () => {
    const found = await server.services.readModels.haltedGroups();
    expect(found).toHaveLength(2);
    return [...found].sort((one, other) => (one.groupId < other.groupId ? -1 : 1));
  });
  expect(halts).toMatchObject([
    { groupId: 'half', reason: 'group-half, version 2: the log holds group-half only from version 2 on' },
    { groupId: 'marks', reason: 'reads-marks, version 1: the log holds reads-marks only from version 1 on' },
  ]);
  expect(await haltedGroups()).toBe(2);
  for (const { reason } of halts) expect(lines.map((line) => line.reason)).toContain(reason);
  expect((await server.services.readModels.groupSnapshot('half'))?.group.lastSeq ?? 0).toBe(0);
});

test('the same of the embedded log, of whose file somebody has deleted rows, and of a gap in between', async () => {
  const { server, people, goesOn } = await scene({
    environment: {},
    async betweenRuns(dataDirectory) {
      const database = new DatabaseSync(join(dataDirectory, 'log.db'));
      const remove = database.prepare(
        'DELETE FROM events WHERE version BETWEEN ? AND ? AND stream_id = (SELECT stream_id FROM streams WHERE name = ?)',
      );
      expect(Number(remove.run(0, 1, groupStream('half')).changes)).toBe(2);
      expect(Number(remove.run(2, 2, groupStream('gap')).changes)).toBe(1);
      database.close();
      await throwReadModelsAway(dataDirectory);
    },
  });
  await talk(people, 'half', 'gap', 'whole');
  await server.restart();
  await goesOn('whole');
  const halts = await vi.waitFor(async () => {
    const found = await server.services.readModels.haltedGroups();
    expect(found).toHaveLength(2);
    return new Map(found.map(({ groupId, reason }) => [groupId, reason]));
  });
  expect(halts.get('half')).toContain('the log holds group-half only from version 2 on');
  expect(halts.get('gap')).toContain('the log misses version 2 of group-gap');
  for (const groupId of ['half', 'gap']) {
    expect((await server.services.readModels.groupSnapshot(groupId))?.group.lastSeq ?? 0).toBe(0);
  }
});

async function throwReadModelsAway(dataDirectory: string): Promise<void> {
  for (const name of ['read-models.db', 'read-models.db-wal', 'read-models.db-shm', 'read-models']) {
    await rm(join(dataDirectory, name), { recursive: true, force: true });
  }
}
