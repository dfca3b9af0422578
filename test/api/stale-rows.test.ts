import { afterAll, beforeAll, expect, it } from 'vitest';
import type { MomentQueries, ReadMoment } from '../../src/ports/read-moment.ts';
import { createGroup, send } from './conversation.ts';
import * as documents from './documents.ts';
import { patchedMoments } from './patched-moments.ts';
import { type Person, type RunningServer, startTestServer } from './running-server.ts';

let server: RunningServer;
let ada: Person;
let ben: Person;

beforeAll(async () => {
  server = await startTestServer();
  ada = await server.person('ada');
  ben = await server.person('ben');
  for (const groupId of ['g1', 'g2', 'g3', 'g4', 'g5']) {
    await createGroup(ada, groupId, [ben]);
    await send(ada, groupId, 'hello', 'hello', { mentions: ['ben'] });
  }
  await server.services.freshness.atLeast(await server.services.log.endPosition());
});

afterAll(() => server.stop());

interface Page {
  readonly edges: readonly { readonly cursor: string; readonly node: { readonly groupId: string } }[];
  readonly pageInfo: { readonly hasNextPage: boolean };
}

/** The pages of a list, up to the one that says that there are no more. */
async function pages(list: 'inbox' | 'mentions', first: number): Promise<string[][]> {
  const node = list === 'inbox' ? 'groupId' : 'group { groupId }';
  const query = `query ($after: String) { list: ${list}(first: ${first}, after: $after) { edges { cursor node { ${node} } } pageInfo { hasNextPage } } }`;
  const read: string[][] = [];
  for (let after: string | undefined; ; ) {
    const { list: page } = await ben.get<{ list: Page }>(query, { after });
    read.push(page.edges.map(({ node }) => node.groupId ?? Reflect.get(node, 'group').groupId));
    if (!page.pageInfo.hasNextPage) return read;
    after = page.edges.at(-1)?.cursor;
  }
}

it('lists no group that one was removed from while the rows stand still, and its pages are full all the same', async () => {
  const { readModels, messages } = server.services;
  const inboxRows = await readModels.inboxPage('ben', undefined, 100);
  const mentionRows = await messages.mentionsPage('ben', undefined, 100);
  expect(inboxRows).toHaveLength(5);
  expect(mentionRows).toHaveLength(5);
  const isBefore = (position: number, before: number | undefined) => before === undefined || position < before;
  // As they were before the removals: what a projector that lags behind has in its rows.
  const asTheyWere: Partial<MomentQueries> = {
    inboxPage: async (_, before, limit) =>
      inboxRows.filter(({ activityPosition }) => isBefore(activityPosition, before)).slice(0, limit),
    mentionsPage: async (_, before, limit) =>
      mentionRows.filter(({ position }) => isBefore(position, before)).slice(0, limit),
  };
  await patchedMoments(
    server,
    () => asTheyWere,
    async () => {
      expect(await pages('inbox', 2)).toEqual([['g5', 'g4'], ['g3', 'g2'], ['g1']]);
      for (const groupId of ['g5', 'g3']) {
        await ada.get(documents.removeMember, { input: { groupId, userId: 'ben' } });
      }
      expect(await pages('inbox', 2)).toEqual([['g4', 'g2'], ['g1']]);
      expect(await pages('inbox', 3)).toEqual([['g4', 'g2', 'g1']]);
      expect(await pages('mentions', 2)).toEqual([['g4', 'g2'], ['g1']]);
    },
  );
});

/** While `run` runs, the rows are as they were before, until somebody has looked several times whether they go on. */
async function whileRowsStandStill(run: () => Promise<void>): Promise<void> {
  const { readModels } = server.services;
  const { checkpoint: newest } = readModels;
  const checkpoint = await newest();
  let looks = 0;
  const areStill = () => looks < 4;
  Object.assign(readModels, {
    async checkpoint() {
      looks += 1;
      return areStill() ? checkpoint : newest();
    },
  });
  const still = (moment: ReadMoment) =>
    areStill() ? { position: checkpoint, groups: async () => [], messages: async () => [] } : moment;
  try {
    await patchedMoments(server, still, run);
    expect(areStill()).toBe(false);
  } finally {
    Object.assign(readModels, { checkpoint: newest });
  }
}

it('says of nothing that an event speaks of that it is not there: its row is waited for', () =>
  whileRowsStandStill(async () => {
    await ada.get('mutation { createGroup(input: { groupId: "new", name: "New" }) { position } }');
    await ada.get('mutation { sendMessage(input: { groupId: "new", messageId: "one", text: "one" }) { position } }');
    const answer = await ada.get(
      'mutation { sendMessage(input: { groupId: "new", messageId: "two", text: "two", replyTo: "one" }) { message { text replyTo { text } group { name } } } }',
    );
    expect(answer).toEqual({
      sendMessage: { message: { text: 'two', replyTo: { text: 'one' }, group: { name: 'New' } } },
    });
  }));
