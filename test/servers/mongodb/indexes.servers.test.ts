import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ReadModels } from '../../../src/ports/read-models.ts';
import type { ProjectedWriter } from '../../contract/projected-writer.ts';
import { History } from '../../contract/read-models-history.ts';
import { type FreshDatabase, freshDatabase } from './fresh-database.ts';
import {
  complaintOf,
  type FindCommand,
  isServedBy,
  type Keys,
  type Planning,
  planningOf,
  stagesOf,
} from './index-use.ts';
import { createBuild, openReadModels, openWriter } from './open-build.ts';
import { startWireProxy, type WireProxy } from './wire-proxy.ts';

/** A person's groups are sorted by the server: they are few, and their order is that of the groups, not of the person. */
const sorted = new Set(['inboxPage']);
/** Of which there is one, or a handful. */
const tiny = new Set(['checkpoints', 'projector_leases']);

const key = { groupId: 'g', seq: 2 };
const reaction = { ...key, emoji: '👍' };
const twoGroups = ['g', 'h'].map((groupId) => ({ groupId, seq: 0 }));
const page = { fromSeq: 1, toSeq: 9, limit: 2 };
type Ask = (readModels: ReadModels, writer: ProjectedWriter) => Promise<unknown>;
const queries: Readonly<Record<string, Ask>> = {
  groups: (readModels) => readModels.groups(['g', 'h']),
  groupSnapshot: (readModels) => readModels.groupSnapshot('g'),
  membersPage: (readModels) => readModels.membersPage('g', { after: 'a', limit: 2 }),
  membersPageLast: (readModels) => readModels.membersPage('g', { before: 'c', limit: 2, last: true }),
  inboxPage: (readModels) => readModels.inboxPage('ada', 99, 2),
  timelinePageFirst: (readModels) => readModels.timelinePage('g', { ...page, last: false }),
  timelinePageLast: (readModels) => readModels.timelinePage('g', { ...page, last: true }),
  messages: (readModels) => readModels.messages('g', ['g-1', 'g-2']),
  reactionCounts: (readModels) => readModels.reactionCounts([key]),
  reactions: (readModels) => readModels.reactions([key]),
  mentionsPage: (readModels) => readModels.mentionsPage('bob', 99, 2),
  search: (readModels) => readModels.search(['g'], 'two words', 9, 2),
  messagesBySeq: (readModels) => readModels.messagesBySeq([key]),
  membersByName: (readModels) => readModels.membersByName('g', 'a', undefined, 2),
  membersByNameAfter: (readModels) => readModels.membersByName('g', 'a', { nameKey: 'ada', userId: 'a' }, 2),
  unreadGroups: (readModels) => readModels.unreadGroups('bob'),
  mentionCounts: (readModels) => readModels.mentionCounts('bob', twoGroups, 99),
  mentionCountsOfMany: (readModels) => readModels.mentionCounts('bob', twoGroups, 2),
  reactionMembers: (readModels) => readModels.reactionMembers([reaction, { ...reaction, seq: 3 }], 99),
  reactionMembersPage: (readModels) => readModels.reactionMembers([{ ...reaction, afterUserId: 'a' }], 1),
  ownReactions: (readModels) => readModels.ownReactions('bob', [reaction]),
  searchInSeveral: (readModels) => readModels.search(['g', 'h'], 'two words', 99, 2),
  readersPage: (readModels) => readModels.readersPage(key, undefined, 'a', 2),
  acceptedCommands: (readModels) => readModels.acceptedCommands('g', [{ actorId: 'ada', commandId: 'c-1' }]),
  haltedGroups: (readModels) => readModels.haltedGroups(),
  groupsToCount: (_, writer) => writer.groupsToCount('a', 2),
};

describe('every query of the port', () => {
  let fresh: FreshDatabase;
  let proxy: WireProxy;
  let writer: ProjectedWriter;
  let readModels: ReadModels;
  let planning: Planning;
  const found: { collection: string; find: FindCommand }[] = [];

  beforeAll(async () => {
    fresh = freshDatabase();
    proxy = await startWireProxy(fresh.url);
    const build = await createBuild(fresh.url);
    writer = await openWriter(proxy.url, build);
    readModels = await openReadModels(proxy.url, build);
    const history = new History().create('g', 'Group', ['ada', 'bob']).create('h', 'Other', ['ada', 'bob']);
    for (let round = 0; round < 20; round += 1) {
      history.send('g', 'ada', `two words ${round}`, { mentions: ['bob'], mentionsAll: true });
      history.send('h', 'ada', 'two words', { mentionsAll: true }).react('g', round + 1, 'bob', '👍');
      history.mark('g', 'bob', round + 1);
    }
    history.by({ actorId: 'ada', commandId: 'c-1', digest: 'said' }).renameGroup('g', 'Renamed');
    await history.apply(writer);
    await writer.storeReadCounts([{ groupId: 'g', position: history.position, ranges: [] }]);
    planning = await planningOf(fresh.database);
    proxy.decide = ({ name, collection, namespace, body }) => {
      const { filter = {}, sort = {} } = body;
      if (name === 'find' && !tiny.has(collection)) found.push({ collection: namespace, find: { filter, sort } });
      return 'through';
    };
  });
  afterAll(async () => {
    await Promise.all([writer.close(), readModels.close()]);
    await proxy.close();
    await fresh.drop();
  });

  test.for(Object.keys(queries))('goes by an index and sorts no documents: %s', async (name) => {
    found.length = 0;
    await queries[name]?.(readModels, writer);
    expect(found.length).toBeGreaterThan(0);
    for (const { collection, find } of found) {
      const indexes = await fresh.database.collection(collection).indexes();
      const order = sorted.has(name) && collection.endsWith('_groups') ? {} : find.sort;
      const serving = indexes.filter((index) => isServedBy(index.key as Keys, { ...find, sort: order }));
      expect(serving, `${collection}: ${JSON.stringify(find)}`).not.toEqual([]);
      const complaints = serving.map((index) =>
        complaintOf(fresh.database.collection(collection), {
          ...{ keys: index.key as Keys, find: { ...find, sort: order }, planning },
        }),
      );
      // By one of them; which, is for the server to choose.
      expect(await Promise.all(complaints)).toContain(undefined);
    }
  });
});

describe('what is read in a plan', () => {
  const scan = { stage: 'FETCH', inputStage: { stage: 'IXSCAN', indexName: 'page' } };

  test.for([
    ['nested by stage', { queryPlanner: { winningPlan: { stage: 'LIMIT', inputStage: scan } } }, ['LIMIT']],
    ['with branches', { queryPlanner: { winningPlan: { stage: 'OR', inputStages: [scan] } } }, ['OR']],
    [
      'of the newer engine',
      { queryPlanner: { winningPlan: { queryPlan: scan, slotBasedPlan: { slots: '', stages: '[1] ixseek' } } } },
      [],
    ],
    [
      'of a router',
      { queryPlanner: { winningPlan: { stage: 'SHARD_MERGE', shards: [{ winningPlan: scan }] } } },
      ['SHARD_MERGE'],
    ],
    ['with plans that were rejected', { winningPlan: scan, rejectedPlans: [{ stage: 'COLLSCAN' }] }, []],
  ] as const)('%s', ([, plan, outer]) => {
    expect(stagesOf(plan)).toEqual([...outer, 'FETCH', 'IXSCAN']);
  });

  test('nothing of a plan in words', () => {
    expect(stagesOf({ queryPlanner: { Plan: { detail: ['SEARCH t USING INDEX'] } } })).toEqual([]);
  });
});

describe('the rule that indexes are held to', () => {
  const keys = { groupId: 1, seq: 1 };

  test.for([
    ['equality, then order', { groupId: 'g', seq: { $gt: 3 } }, { seq: 1 }, true],
    ['the order turned round', { groupId: 'g' }, { seq: -1 }, true],
    ['no equality before the order', {}, { seq: 1 }, false],
    ['another order', { groupId: 'g' }, { at: 1 }, false],
    ['another field alone', { userId: 'ada' }, {}, false],
    ['nothing at all', {}, {}, false],
    ['each of several', { $or: [{ groupId: 'g' }, { groupId: 'h' }] }, { seq: 1 }, true],
    ['one of several that it does not serve', { $or: [{ groupId: 'g' }, { userId: 'ada' }] }, {}, false],
  ] as const)('%s', ([, filter, sort, expected]) => {
    expect(isServedBy(keys, { filter, sort })).toBe(expected);
  });
});
