import { isDeepStrictEqual } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { connect, connectionTo } from '../../../src/adapters/mongodb/connection.ts';
import { createAnswers } from '../../../src/adapters/mongodb/read-models.ts';
import { BuildGone, type BuildId } from '../../../src/ports/read-model-builds.ts';
import { ReadModelsCorrupt } from '../../../src/ports/read-model-faults.ts';
import type { ReadModels } from '../../../src/ports/read-models.ts';
import { History } from '../../contract/read-models-history.ts';
import { type FreshDatabase, freshDatabase } from './fresh-database.ts';
import { createBuild, openBuilds, openReadModels, openWriter } from './open-build.ts';
import { pauseAt } from './pause-at.ts';
import { startWireProxy, type WireProxy } from './wire-proxy.ts';

type Answers = Omit<ReadModels, 'close'>;

const key = { groupId: 'g', seq: 1 };
const questions: Readonly<Record<string, (readModels: Answers) => Promise<unknown>>> = {
  checkpoint: (readModels) => readModels.checkpoint(),
  groups: (readModels) => readModels.groups(['g', 'h']),
  groupSnapshot: (readModels) => readModels.groupSnapshot('g'),
  membersPage: (readModels) => readModels.membersPage('g', { limit: 9 }),
  inboxPage: (readModels) => readModels.inboxPage('ada', undefined, 9),
  timelinePage: (readModels) => readModels.timelinePage('g', { fromSeq: 1, toSeq: 9, limit: 9, last: false }),
  messages: (readModels) => readModels.messages('g', ['g-1']),
  reactionCounts: (readModels) => readModels.reactionCounts([key]),
  reactions: (readModels) => readModels.reactions([key]),
  mentionsPage: (readModels) => readModels.mentionsPage('bob', undefined, 9),
  search: (readModels) => readModels.search(['g'], 'word', undefined, 9),
  readersPage: (readModels) => readModels.readersPage(key, undefined, undefined, 9),
  messagesBySeq: (readModels) => readModels.messagesBySeq([key]),
  membersByName: (readModels) => readModels.membersByName('g', 'ada', undefined, 9),
  unreadGroups: (readModels) => readModels.unreadGroups('bob'),
  mentionCounts: (readModels) => readModels.mentionCounts('bob', [{ groupId: 'g', seq: 0 }], 9),
  reactionMembers: (readModels) => readModels.reactionMembers([{ groupId: 'g', seq: 1, emoji: '👍' }], 9),
  ownReactions: (readModels) => readModels.ownReactions('bob', [{ groupId: 'g', seq: 1, emoji: '👍' }]),
  acceptedCommands: (readModels) => readModels.acceptedCommands('g', [{ actorId: 'ada', commandId: 'c-1' }]),
  haltedGroups: (readModels) => readModels.haltedGroups(),
};

let fresh: FreshDatabase;
let proxy: WireProxy;
let build: BuildId;
let readModels: ReadModels;
/** The same queries, without a look at whether the build is still there. */
let unverified: ReadModels;

async function begin(): Promise<void> {
  fresh = freshDatabase();
  proxy = await startWireProxy(fresh.url);
  build = await createBuild(fresh.url);
  const history = new History().create('g', 'Group', ['ada', 'bob']).create('h', 'Other', ['ada', 'bob']);
  history.by({ actorId: 'ada', commandId: 'c-1', digest: 'd' }).send('g', 'ada', 'a word', { mentions: ['bob'] });
  history.send('g', 'bob', 'another word', { mentionsAll: true }).react('g', 1, 'bob', '👍').mark('g', 'bob', 1);
  const writer = await openWriter(fresh.url, build);
  await history.apply(writer);
  await writer.apply([{ type: 'haltGroup', groupId: 'h', position: 99, reason: 'not JSON' }], 99);
  await writer.close();
  readModels = await openReadModels(proxy.url, build);
  const connection = connectionTo(connect({ url: proxy.url }), build);
  unverified = { ...createAnswers(connection), close: connection.close };
}
async function end(): Promise<void> {
  await Promise.all([readModels.close(), unverified.close()]);
  await proxy.close();
  await fresh.drop();
}
beforeEach(begin);
afterEach(end);

/** As they are told while all is there. */
async function rightAnswers(): Promise<ReadonlyMap<string, unknown>> {
  const answers = new Map<string, unknown>();
  for (const [name, ask] of Object.entries(questions)) answers.set(name, await ask(readModels));
  return answers;
}

type Verdict = 'right' | 'wrong' | 'gone';
async function judge(answer: Promise<unknown>, right: unknown): Promise<Verdict> {
  try {
    return isDeepStrictEqual(await answer, right) ? 'right' : 'wrong';
  } catch (error) {
    // Where only some of it is gone nobody can tell whether the rest is about to go.
    if (!(error instanceof BuildGone || error instanceof ReadModelsCorrupt)) throw error;
    return 'gone';
  }
}

/** One collection after the other, as a server may do it; what says that the build is there goes last. */
async function dropPiecemeal(afterEach: () => Promise<void> = async () => {}): Promise<void> {
  const collections = await fresh.database.listCollections({}, { nameOnly: true }).toArray();
  const names = collections.map(({ name }) => name).toSorted((a, b) => b.localeCompare(a));
  for (const name of names.filter((one) => one !== 'checkpoints')) {
    await fresh.database.dropCollection(name);
    await afterEach();
  }
  await fresh.database.dropCollection('checkpoints');
}

async function discard(): Promise<void> {
  const builds = openBuilds(fresh.url);
  await builds.discard(build);
  await builds.close();
}

const ends: Readonly<Record<string, () => Promise<unknown>>> = {
  'the database is dropped': () => fresh.database.dropDatabase(),
  'the database is dropped piecemeal': () => dropPiecemeal(),
  'the build is discarded': discard,
};

describe('a build that goes while readers ask', () => {
  test('is answered from wholly or not at all after each collection that is gone, and not so without the look', async () => {
    const right = await rightAnswers();
    const verdicts: Verdict[] = [];
    const unverifiedVerdicts: Verdict[] = [];
    await dropPiecemeal(async () => {
      for (const [name, ask] of Object.entries(questions)) {
        verdicts.push(await judge(ask(readModels), right.get(name)));
        unverifiedVerdicts.push(await judge(ask(unverified), right.get(name)));
      }
    });
    expect(verdicts.filter((verdict) => verdict === 'wrong')).toEqual([]);
    expect(unverifiedVerdicts.filter((verdict) => verdict === 'wrong').length).toBeGreaterThan(20);
  });

  test.for(Object.keys(ends))(
    'is answered from wholly or not at all at every command of every query, when %s; and not so without the look',
    { timeout: 240_000 },
    async (name) => {
      const seen: Record<Verdict, number> = { right: 0, wrong: 0, gone: 0 };
      let wrongWithout = 0;
      for (let [at, isAnyHeld] = [0, true]; isAnyHeld; at += 1) {
        const held = await Promise.all(Object.values(questions).map((ask) => askedTwice(ask, at)));
        isAnyHeld = held.some(({ isHeld }) => isHeld);
        await ends[name]?.();
        for (const one of held) {
          one.release();
          seen[await one.verified] += 1;
          if ((await one.unverified) === 'wrong') wrongWithout += 1;
          await one.close();
        }
        await end();
        await begin();
      }
      expect(seen.wrong).toBe(0);
      expect(seen.gone).toBeGreaterThan(30);
      expect(wrongWithout).toBeGreaterThan(10);
    },
  );

  /** With a look at the build and without, through a proxy of their own: both stand still before their n-th command. */
  async function askedTwice(ask: (answers: Answers) => Promise<unknown>, at: number) {
    const own = await startWireProxy(fresh.url);
    const looking = await openReadModels(own.url, build);
    const connection = connectionTo(connect({ url: own.url }), build);
    const blind = createAnswers(connection);
    const right = await ask(looking);
    await ask(blind);
    const hold = async (answers: Answers) => {
      const pause = pauseAt(own, at, () => true);
      const verdict = judge(ask(answers), right);
      const isHeld = await Promise.race([pause.reached.then(() => true), verdict.then(() => false)]);
      return { pause, verdict, isHeld };
    };
    // One after the other: the proxy counts the commands of both.
    const [verified, unverified] = [await hold(looking), await hold(blind)];
    return {
      ...{ isHeld: verified.isHeld, verified: verified.verdict, unverified: unverified.verdict },
      release() {
        for (const { pause } of [verified, unverified]) pause.release();
        own.decide = () => 'through';
      },
      async close() {
        await Promise.all([looking.close(), connection.close()]);
        await own.close();
      },
    };
  }

  test('stays gone though a holder who does not know of it fills its collections again', async () => {
    const collections = await fresh.database.listCollections({}, { nameOnly: true }).toArray();
    await discard();
    for (const { name } of collections) {
      if (name.startsWith(build)) await fresh.database.collection(name).insertOne({ groupId: 'g' });
    }
    for (const ask of Object.values(questions)) await expect(ask(readModels)).rejects.toThrow(BuildGone);
  });

  test('is answered from wholly or not at all under load, also when its database is dropped', async () => {
    const right = await rightAnswers();
    const seen: Record<Verdict, number> = { right: 0, wrong: 0, gone: 0 };
    const askOn = async (): Promise<void> => {
      for (let gone = 0; gone < 20; ) {
        for (const [name, ask] of Object.entries(questions)) {
          const verdict = await judge(ask(readModels), right.get(name));
          seen[verdict] += 1;
          if (verdict === 'gone') gone += 1;
        }
      }
    };
    const asking = Promise.all(Array.from({ length: 8 }, askOn));
    while (seen.right < 500) await new Promise(setImmediate);
    await fresh.database.dropDatabase();
    await asking;
    expect(seen.wrong).toBe(0);
  });
});
