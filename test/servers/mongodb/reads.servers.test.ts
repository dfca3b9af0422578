import type { Document } from 'mongodb';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { BuildId } from '../../../src/ports/read-model-builds.ts';
import type { ReadModels } from '../../../src/ports/read-models.ts';
import { History, momentAt } from '../../contract/read-models-history.ts';
import { type FreshDatabase, freshDatabase } from './fresh-database.ts';
import { createBuild, openReadModels, openWriter } from './open-build.ts';
import { startWireProxy, type WireCommand, type WireProxy } from './wire-proxy.ts';

/** What a query says to the server. */
const readers = Array.from({ length: 50 }, (_, index) => `reader-${String(index).padStart(2, '0')}`);
const messages = 60;

let fresh: FreshDatabase;
let proxy: WireProxy;
let build: BuildId;
let readModels: ReadModels;
let sent: WireCommand[] = [];

beforeAll(async () => {
  fresh = freshDatabase();
  proxy = await startWireProxy(fresh.url);
  build = await createBuild(fresh.url);
  const writer = await openWriter(fresh.url, build);
  const history = new History().create('g', 'Group', ['ada', ...readers]).create('eager', 'Eager', ['ada', ...readers]);
  for (let seq = 1; seq <= messages; seq += 1) {
    history.send('g', 'ada', `a word ${seq}`, { mentions: ['reader-00'] }).send('eager', 'ada', 'text');
    // In this one a few mark every message before the others mark their first.
    for (const userId of readers.slice(0, 5)) history.mark('eager', userId, seq);
  }
  for (const userId of readers) history.mark('g', userId, 1).mark('eager', userId, messages);
  for (const userId of readers) history.mark('g', userId, messages);
  await history.react('g', 1, 'ada', '👍').react('eager', 1, 'ada', '👍').apply(writer);
  await writer.close();
  readModels = await openReadModels(proxy.url, build);
  await readModels.checkpoint();
  proxy.decide = (command) => {
    sent.push(command);
    return 'through';
  };
});
afterAll(async () => {
  await readModels.close();
  await proxy.close();
  await fresh.drop();
});

async function commandsOf(ask: () => Promise<unknown>): Promise<readonly WireCommand[]> {
  sent = [];
  await ask();
  return sent;
}

const countByCollection = (commands: readonly WireCommand[]): Readonly<Record<string, number>> =>
  Object.fromEntries(
    Object.entries(Object.groupBy(commands, ({ collection }) => collection)).map(([name, all]) => [
      name,
      all?.length ?? 0,
    ]),
  );

test('a page of readers costs a handful of queries, however many there are on it', async () => {
  const commands = await commandsOf(() => readModels.readersPage({ groupId: 'g', seq: 1 }, undefined, undefined, 50));
  expect(countByCollection(commands)).toEqual({ checkpoints: 1, groups: 1, timeline: 1, memberships: 1, marks: 1 });
});

test('each reader has read at their first mark, also where some mark far more often than others', async () => {
  const marks = await fresh.database
    .collection(`${build}_marks`)
    .find({ groupId: 'eager' })
    .sort({ upTo: 1 })
    .toArray();
  const page = await readModels.readersPage({ groupId: 'eager', seq: 1 }, undefined, undefined, 50);
  expect(page).toEqual(
    readers.map((userId) => ({ userId, readAt: marks.find((mark) => mark['userId'] === userId)?.['at'] })),
  );
  expect(new Set(page.map(({ readAt }) => readAt)).size).toBeGreaterThan(5);
  expect(page[0]?.readAt).not.toBe(momentAt(0));
});

test('reactions under messages of several groups are one query', async () => {
  const keys = ['g', 'eager'].map((groupId) => ({ groupId, seq: 1 }));
  const commands = await commandsOf(async () => expect(await readModels.reactions(keys)).toHaveLength(2));
  expect(countByCollection(commands)).toMatchObject({ reactions: 1 });
});

test('a search begins with the longest word, whose messages are the fewest by and large', async () => {
  const commands = await commandsOf(() => readModels.search(['g'], 'a 17 word', undefined, 9));
  const searched = commands.find(({ collection }) => collection === 'timeline');
  expect(searched?.body['filter'].words).toEqual({ $all: ['word', '17', 'a'] });
});

const queries: Readonly<Record<string, (models: ReadModels) => Promise<unknown>>> = {
  groupSnapshot: (models) => models.groupSnapshot('g'),
  membersPage: (models) => models.membersPage('g', { limit: 9 }),
  inboxPage: (models) => models.inboxPage('reader-00', undefined, 9),
  readersPage: (models) => models.readersPage({ groupId: 'g', seq: 1 }, undefined, undefined, 50),
  timelinePage: (models) => models.timelinePage('g', { fromSeq: 1, toSeq: 9, limit: 9, last: false }),
  messages: (models) => models.messages('g', ['g-1']),
  search: (models) => models.search(['g'], 'word', undefined, 9),
  mentionsPage: (models) => models.mentionsPage('reader-00', undefined, 9),
  messagesBySeq: (models) => models.messagesBySeq([{ groupId: 'g', seq: 1 }]),
  membersByName: (models) => models.membersByName('g', 'reader', undefined, 9),
  unreadGroups: (models) => models.unreadGroups('reader-00'),
  mentionCounts: (models) => models.mentionCounts('reader-00', [{ groupId: 'g', seq: 0 }], 9),
  reactionMembers: (models) => models.reactionMembers([{ groupId: 'g', seq: 1, emoji: '👍' }], 9),
  ownReactions: (models) => models.ownReactions('reader-00', [{ groupId: 'g', seq: 1, emoji: '👍' }]),
  reactionCounts: (models) => models.reactionCounts([{ groupId: 'g', seq: 1 }]),
  reactions: (models) => models.reactions([{ groupId: 'g', seq: 1 }]),
};

test.for(Object.keys(queries))(
  'what is read after a group is never older than the group, on a cluster: %s',
  async (name) => {
    const { logicalSessionTimeoutMinutes } = await fresh.database.command({ hello: 1 });
    const commands = await commandsOf(async () => queries[name]?.(readModels));
    const bodies: readonly Document[] = commands.map(({ body }) => body);
    const sessions = new Set(bodies.map(({ lsid }) => lsid?.id.toString('hex')));
    if (logicalSessionTimeoutMinutes !== undefined) expect(sessions.size).toBe(1);
    const firstAfterGroups = commands.findIndex(({ collection }) => !['groups', 'checkpoints'].includes(collection));
    const later = bodies.slice(Math.max(firstAfterGroups, 2));
    expect(later.length).toBeGreaterThan(0);
    const waiting = later.filter(({ readConcern }) => readConcern?.afterClusterTime !== undefined);
    // A server on its own has no cluster's time to wait for.
    if (inject('mongoKind') === 'secantusdb') expect(waiting).toHaveLength(later.length);
  },
);
