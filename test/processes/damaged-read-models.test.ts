import { DatabaseSync } from 'node:sqlite';
import { afterEach, expect, test } from 'vitest';
import { damageTable } from '../adapters/sqlite/damage-table.ts';
import { servedFile } from '../adapters/sqlite/served-file.ts';
import * as documents from '../api/documents.ts';
import { type Person, type RunningServer, startTestServer } from '../api/running-server.ts';

let server: RunningServer | undefined;

afterEach(async () => {
  await server?.stop();
});

async function send(person: Person, messageId: string): Promise<string> {
  const input = { groupId: 'g', messageId, text: messageId };
  return (await person.get<{ sendMessage: { position: string } }>(documents.sendMessage, { input })).sendMessage
    .position;
}

test('damage that only queries meet is mended as well, while the server runs', { timeout: 60_000 }, async () => {
  server = await startTestServer();
  let ada = await server.person('ada');
  await ada.get(documents.createGroup, { input: { groupId: 'g', name: 'g' } });
  const position = await send(ada, 'm1');
  const page = async () => (await ada.ask(documents.timelinePage, { id: 'g', atLeast: position })).data;
  const asItWas = { group: { lastSeq: 1, timeline: { edges: [{ node: { messageId: 'm1' } }] } } };
  await expect.poll(page).toMatchObject(asItWas);
  // Nothing of it is in memory or in the write-ahead log any more.
  await server.restart();
  ada = await server.person('ada');
  damageTable(servedFile(server.dataDirectory), 'messages');
  expect(await page()).not.toMatchObject(asItWas);
  await expect.poll(page, { timeout: 30_000 }).toMatchObject(asItWas);
});

test('damage that the projector meets is mended while the server runs, and queries go on with what is built anew', {
  timeout: 60_000,
}, async () => {
  server = await startTestServer({
    betweenRuns: async (dataDirectory) => damageTable(servedFile(dataDirectory), 'members'),
  });
  const ada = await server.person('ada');
  await ada.get(documents.createGroup, { input: { groupId: 'g', name: 'g' } });
  await send(ada, 'm1');
  await server.restart();
  const position = await send(ada, 'm2');
  const page = async () => (await ada.ask(documents.timelinePage, { id: 'g', atLeast: position })).data;
  await expect.poll(page, { timeout: 30_000 }).toMatchObject({
    group: { lastSeq: 2, timeline: { edges: [{ node: { messageId: 'm1' } }, { node: { messageId: 'm2' } }] } },
  });
  expect(await server.services.readModels.membersPage('g', { limit: 9 })).toMatchObject([{ userId: 'ada' }]);
});

test.each([
  'DELETE FROM groups',
  'DELETE FROM members',
  'DELETE FROM messages WHERE message_key % 2 = 0',
  'DELETE FROM marks',
])(
  'rows that somebody has deleted are never told as facts, and are there again: %s',
  {
    timeout: 60_000,
  },
  async (deletion) => {
    server = await startTestServer({
      betweenRuns: async (dataDirectory) => {
        const database = new DatabaseSync(servedFile(dataDirectory));
        database.exec(deletion);
        database.close();
      },
    });
    let [ada, bob] = [await server.person('ada'), await server.person('bob')];
    const members = [{ userId: 'bob', name: 'bob' }];
    await ada.get(documents.createGroup, { input: { groupId: 'g', name: 'g', members } });
    for (const messageId of ['m1', 'm2', 'm3']) await send(ada, messageId);
    await bob.get(documents.markReadUpTo, { input: { marks: [{ groupId: 'g', upTo: 3 }] } });
    await server.restart();
    [ada, bob] = [await server.person('ada'), await server.person('bob')];
    const look = async () => {
      const page = await ada.ask(documents.timelinePage, { id: 'g' });
      const counts = await bob.ask(documents.messageCounts, { groupId: 'g', messageId: 'm2' });
      return { errors: [...(page.errors ?? []), ...(counts.errors ?? [])], data: { ...page.data, ...counts.data } };
    };
    const nodes = ['m1', 'm2', 'm3'].map((messageId) => ({ node: { messageId, readCount: 1 } }));
    const readers = { edges: [{ node: { member: { userId: 'bob' } } }] };
    const asItIs = { group: { lastSeq: 3, timeline: { edges: nodes } }, message: { readCount: 1, readers } };
    let told: Awaited<ReturnType<typeof look>> | undefined;
    const isTold = async () => {
      told = await look();
      return !told.errors.some(({ extensions }) => extensions['code'] === 'UNAVAILABLE');
    };
    // The first thing that is told at all is the truth.
    await expect.poll(isTold, { timeout: 30_000 }).toBe(true);
    expect(told).toMatchObject({ errors: [], data: asItIs });
  },
);
