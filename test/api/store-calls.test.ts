import { afterAll, beforeAll, expect, it } from 'vitest';
import { momentQueries, type ReadModels, type ReadMoment } from '../../src/ports/read-models.ts';
import { createGroup, send } from './conversation.ts';
import { patchedMoments } from './patched-moments.ts';
import { type Person, type RunningServer, startTestServer } from './running-server.ts';

let server: RunningServer;
let ada: Person;

beforeAll(async () => {
  server = await startTestServer();
  ada = await server.person('ada');
});

afterAll(() => server.stop());

/** Counts the calls of the read models' queries while `run` runs. */
async function storeCalls(run: () => Promise<unknown>): Promise<string[]> {
  const readModels = server.services.readModels as unknown as Record<keyof ReadModels, (...all: unknown[]) => unknown>;
  const calls: string[] = [];
  const originals = { ...readModels };
  for (const [name, query] of Object.entries(originals)) {
    readModels[name as keyof ReadModels] = (...all) => {
      // The checkpoint is what freshness looks at; it reads one number. Which groups are halted is asked now and then.
      if (name !== 'checkpoint' && name !== 'haltedGroups') calls.push(name);
      return query(...all);
    };
  }
  const inMoments = (moment: ReadMoment) => {
    const counted = momentQueries.map((name) => {
      const query = moment[name] as (...all: unknown[]) => unknown;
      const call = (...all: unknown[]) => {
        calls.push(name);
        return query(...all);
      };
      return [name, call];
    });
    return Object.fromEntries(counted);
  };
  await patchedMoments(server, inMoments, run);
  Object.assign(readModels, originals);
  return calls;
}

const page =
  'query ($at: Position) { group(groupId: "busy", atLeast: $at) { version timeline(last: 50) { edges { node { id text readCount audienceCount author { name role } mentions { name } reactions { emoji count } replyTo { id text } group { name } explain { read notYet } } } } } }';

it('reads a page of 50 messages with counts, authors, replies and reactions in a handful of store calls', async () => {
  const people = await Promise.all(Array.from({ length: 10 }, (_, index) => server.person(`p${index}`)));
  await createGroup(ada, 'busy', people);
  let position = '';
  for (let index = 0; index < 60; index += 1) {
    const author = people[index % people.length] ?? ada;
    const reply = index > 0 ? { replyTo: `m${index - 1}`, mentions: ['ada'] } : {};
    position = (await send(author, 'busy', `m${index}`, `text ${index}`, reply)).sendMessage.position;
    await ada.get(
      `mutation { addReaction(input: { groupId: "busy", messageId: "m${index}", emoji: "👍" }) { position } }`,
    );
  }
  // The first one warms the group; every one after it is what counts.
  await ada.get(page, { at: position });
  const calls = await storeCalls(() => ada.get(page, { at: position }));
  expect(calls.sort()).toEqual(['groups', 'members', 'messages', 'moment', 'reactionCounts', 'timelinePage']);
});

it('reads an inbox in a handful of store calls, however many groups it shows', async () => {
  const gus = await server.person('gus');
  for (let index = 0; index < 20; index += 1) await createGroup(ada, `inbox-${index}`, [gus]);
  const inbox = () =>
    gus.get<{ inbox: { edges: object[] } }>('{ inbox { edges { node { unreadCount group { id name lastSeq } } } } }');
  await server.services.freshness.atLeast(server.services.feed.position());
  expect((await inbox()).inbox.edges).toHaveLength(20);
  expect((await storeCalls(inbox)).sort()).toEqual(['groups', 'inboxPage', 'moment']);
});

it('reads the snapshot of a cold group once: for its state, its counts and its marks together', async () => {
  await createGroup(ada, 'cold', [await server.person('hal')]);
  const { position } = (await send(ada, 'cold', 'first', 'text')).sendMessage;
  await server.restart();
  ada = await server.person('ada');
  const hal = await server.person('hal');
  const coldPage = `{ group(groupId: "cold", atLeast: "${position}") { timeline(last: 9) { edges { node { text readCount } } } } }`;
  const calls = await storeCalls(async () => {
    await hal.get(coldPage);
    await hal.get('mutation { markReadUpTo(input: { marks: [{ groupId: "cold", upTo: 1 }] }) { position } }');
  });
  expect(calls.filter((name) => name === 'groupSnapshot')).toHaveLength(1);
});
