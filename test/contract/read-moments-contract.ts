import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MomentPassed, type MomentQueries, momentQueries, type ReadMoment } from '../../src/ports/read-models.ts';
import { assertAsyncProperty } from '../fakes/assert-property.ts';
import type { ReadModelsFixture } from './read-models-contract.ts';
import { History } from './read-models-history.ts';

const groupIds = ['g', 'h'];
const userIds = ['ada', 'bob', 'cyd'];
const range = { fromSeq: 1, toSeq: 99, limit: 99, last: false };

/** Questions about everything that a moment can tell, by what they are about. */
function questions(): ReadonlyMap<string, (moment: MomentQueries) => Promise<unknown>> {
  const asked = new Map<string, (moment: MomentQueries) => Promise<unknown>>();
  asked.set('groups', (moment) => moment.groups(groupIds));
  asked.set('found', (moment) => moment.search(groupIds, 'apple', undefined, 99));
  for (const userId of userIds) {
    asked.set(`inbox of ${userId}`, (moment) => moment.inboxPage(userId, undefined, 99));
    asked.set(`first of the inbox of ${userId}`, (moment) => moment.inboxPage(userId, undefined, 1));
    asked.set(`what ${userId} has not read`, (moment) => moment.unreadGroups(userId));
    asked.set(`mentions of ${userId}`, (moment) => moment.mentionsPage(userId, undefined, 99));
  }
  for (const groupId of groupIds) {
    const messageIds = [1, 2, 3].map((seq) => `${groupId}-${seq}`);
    const keys = [1, 2, 3].map((seq) => ({ groupId, seq }));
    asked.set(`snapshot of ${groupId}`, (moment) => moment.groupSnapshot(groupId));
    asked.set(`members of ${groupId}`, (moment) => moment.members(groupId, userIds));
    asked.set(`page of members of ${groupId}`, (moment) => moment.membersPage(groupId, { limit: 99 }));
    asked.set(`timeline of ${groupId}`, (moment) => moment.timelinePage(groupId, range));
    asked.set(`messages of ${groupId}`, (moment) => moment.messages(groupId, messageIds));
    asked.set(`named of ${groupId}`, (moment) => moment.membersByName(groupId, '', undefined, 99));
    asked.set(`messages by seq of ${groupId}`, (moment) => moment.messagesBySeq(keys));
    const thumbs = keys.map((key) => ({ ...key, emoji: '👍' }));
    asked.set(`who has reacted in ${groupId}`, (moment) => moment.reactionMembers(thumbs, 99));
    asked.set(`own reactions in ${groupId}`, (moment) => moment.ownReactions('bob', thumbs));
    asked.set(`reactions of ${groupId}`, (moment) => moment.reactionCounts(keys));
    for (const key of keys) {
      asked.set(`readers of ${groupId} ${key.seq}`, (moment) => moment.readersPage(key, undefined, undefined, 99));
    }
  }
  return asked;
}

/** What is in no promised order comes in one. */
function ordered(answer: unknown): unknown {
  if (Array.isArray(answer)) return answer.map((row) => JSON.stringify(row)).toSorted();
  if (typeof answer !== 'object' || answer === null || !('members' in answer)) return answer;
  return { ...answer, members: ordered(answer.members) };
}

const passed = 'passed';

async function tell(moment: MomentQueries): Promise<ReadonlyMap<string, unknown>> {
  const told = new Map<string, unknown>();
  for (const [about, ask] of questions()) {
    try {
      told.set(about, ordered(await ask(moment)));
    } catch (error) {
      if (!(error instanceof MomentPassed)) throw error;
      told.set(about, passed);
    }
  }
  return told;
}

/** Says what passed meanwhile; everything else is to be told as before. */
function expectSame(now: ReadonlyMap<string, unknown>, before: ReadonlyMap<string, unknown>): readonly string[] {
  const gone = [...now].flatMap(([about, answer]) => (answer === passed ? [about] : []));
  for (const about of gone) expect(now.get(about)).toBe(passed);
  // Of a text that was replaced meanwhile a search may know no more (it would be shown to nobody), and a list by names of
  // those who were renamed or have left.
  const mayMiss = (about: string) => about === 'found' || about.startsWith('named of');
  for (const [about, answer] of now) {
    if (answer !== passed && mayMiss(about)) {
      expect(before.get(about)).toEqual(expect.arrayContaining(answer as unknown[]));
    }
  }
  const still = [...now].filter(([about, answer]) => answer !== passed && !mayMiss(about));
  expect(Object.fromEntries(still)).toEqual(Object.fromEntries(still.map(([about]) => [about, before.get(about)])));
  return gone;
}

const start = () =>
  new History()
    .create('g', 'Group', ['ada', 'bob'])
    .create('h', 'Other', ['ada', 'cyd'])
    .send('g', 'ada', 'one apple', { mentions: ['bob'] })
    .send('g', 'bob', 'two')
    .send('h', 'cyd', 'all', { mentionsAll: true })
    .react('g', 1, 'bob', '👍')
    .mark('g', 'bob', 1);

/** Everything but texts that are replaced: of these a store need not keep what they were. */
const changeAll = (history: History, round: number): History =>
  history
    .renameGroup('g', `Group ${round}`)
    .send('g', 'ada', `more ${round}`, { mentions: ['bob'] })
    .join('g', 'cyd')
    .mark('g', 'bob', history.lastSeq('g'))
    .react('g', 1, 'ada', '🎉')
    .unreact('g', 1, 'bob', '👍')
    .setRole('g', 'bob', 'admin')
    .leave('h', 'cyd')
    .send('h', 'ada', `other ${round}`);

/** Moments of the read models, on which answers stand. */
export function momentsContract(fixture: ReadModelsFixture): void {
  async function during<Answer>(use: (moment: ReadMoment) => Promise<Answer>): Promise<Answer> {
    const moment = await fixture.readModels.moment();
    try {
      return await use(moment);
    } finally {
      await moment.close();
    }
  }

  test('a moment is that of the checkpoint, and the next one of the next', async () => {
    const { writer } = fixture;
    const history = start();
    const first = await history.apply(writer);
    await during(async (moment) => {
      expect(moment.position).toBe(first);
      const second = await history.send('g', 'ada', 'three').apply(writer);
      expect(moment.position).toBe(first);
      await during(async ({ position }) => expect(position).toBe(second));
    });
  });

  test('what is written while a moment is open is nowhere in what it answers', async () => {
    const { writer } = fixture;
    const history = start();
    await history.apply(writer);
    const before = await during(tell);
    await during(async (moment) => {
      await changeAll(history, 1).apply(writer);
      expect(expectSame(await tell(moment), before)).toEqual([]);
      // Once more, of which only what was asked before need be known.
      await changeAll(history, 2).delete('g', 2).apply(writer);
      expectSame(await tell(moment), before);
    });
    expect(await during(tell)).not.toEqual(before);
  });

  test('a text that is replaced or deleted while a moment is open is told as it was, or the moment has passed', async () => {
    const { writer } = fixture;
    const history = start();
    await history.apply(writer);
    const before = await during(tell);
    await during(async (moment) => {
      await history.edit('g', 1, 'one pear').delete('g', 2).apply(writer);
      const gone = expectSame(await tell(moment), before);
      expect(['timeline of g', 'messages of g', 'messages by seq of g', 'mentions of bob']).toEqual(
        expect.arrayContaining([...gone]),
      );
    });
  });

  test('what a moment has not been asked yet is as of its position too', async () => {
    const { writer } = fixture;
    const history = start();
    await history.apply(writer);
    const some = ['snapshot of g', 'first of the inbox of ada', 'members of g', 'timeline of h', 'readers of g 2'];
    for (const about of some) {
      const before = await during(tell);
      await during(async (moment) => {
        await changeAll(history, history.position).apply(writer);
        expect(ordered(await questions().get(about)?.(moment))).toEqual(before.get(about));
      });
    }
  });

  test('a closed moment answers nothing, and may be closed again', async () => {
    await start().apply(fixture.writer);
    const moment = await fixture.readModels.moment();
    await moment.close();
    await moment.close();
    for (const name of momentQueries) {
      const query = moment[name] as (...asked: readonly unknown[]) => Promise<unknown>;
      await expect(query('g', [], undefined, 1)).rejects.toThrow(MomentPassed);
    }
  });

  test('whatever happens in whatever order, an open moment tells what it told, or has passed', async () => {
    const { writer } = fixture;
    const history = start();
    await history.apply(writer);
    const groupId = fc.constantFrom(...groupIds);
    const userId = fc.constantFrom(...userIds);
    const seq = fc.integer({ min: 1, max: 3 });
    const step = fc.oneof(
      fc.record({ what: fc.constant('send' as const), groupId, userId, seq }),
      fc.record({
        what: fc.constantFrom('mark', 'join', 'leave', 'react', 'unreact', 'edit', 'name'),
        groupId,
        userId,
        seq,
      }),
    );
    const batches = fc.array(fc.array(step, { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 3 });
    await assertAsyncProperty(
      fc.asyncProperty(batches, async (some) => {
        await during(async (moment) => {
          const before = await during(tell);
          for (const batch of some) {
            for (const one of batch) happen(history, one);
            await history.apply(writer);
            expectSame(await tell(moment), before);
          }
        });
      }),
      { numRuns: 8 },
    );
  });
}

interface Step {
  readonly what: string;
  readonly groupId: string;
  readonly userId: string;
  readonly seq: number;
}

function happen(history: History, { what, groupId, userId, seq }: Step): void {
  const isThere = seq <= history.lastSeq(groupId);
  const isMember = history.isMember(groupId, userId);
  if (what === 'send' && isMember) history.send(groupId, userId, `text of ${history.position}`, { mentions: ['bob'] });
  else if (what === 'join') history.join(groupId, userId);
  else if (what === 'leave') history.leave(groupId, userId);
  else if (what === 'name') history.renameGroup(groupId, `named at ${history.position}`);
  else if (!isThere) return;
  else if (what === 'mark') history.mark(groupId, userId, seq);
  else if (what === 'react') history.react(groupId, seq, userId, '👍');
  else if (what === 'unreact') history.unreact(groupId, seq, userId, '👍');
  else if (what === 'edit') history.edit(groupId, seq, `edited at ${history.position}`);
}
