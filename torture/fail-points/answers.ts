import { ReadModelsUnavailable } from '../../src/ports/read-model-faults.ts';
import type { ReadModels } from '../../src/ports/read-models.ts';
import { inAnyOrder } from '../../test/contract/in-any-order.ts';
import { groupIds, userIds } from './random-batch.ts';

const seqs = Array.from({ length: 12 }, (_, index) => index + 1);
const all = { fromSeq: 1, toSeq: 999, limit: 999, last: false };

type Ask = (readModels: ReadModels) => Promise<unknown>;

/** By what it shows, in one form where the port promises no order: `JSON.stringify` of two answers can be compared. */
const sorted = (rows: readonly unknown[]): readonly string[] => rows.map((row) => JSON.stringify(row)).toSorted();

/** Queries about one group, each of which is answered as of one moment. */
export const queriesOfOneGroup: ReadonlyMap<string, Ask> = new Map(
  groupIds.flatMap((groupId): [string, Ask][] => [
    [
      `snapshot of ${groupId}`,
      async (readModels) => {
        const snapshot = await readModels.groupSnapshot(groupId);
        return { group: snapshot?.group, members: sorted(snapshot?.members ?? []) };
      },
    ],
    [`timeline of ${groupId}`, (readModels) => readModels.timelinePage(groupId, all)],
    [`members of ${groupId}`, (readModels) => readModels.membersPage(groupId, { limit: 99 })],
    [`names of ${groupId}`, (readModels) => readModels.membersByName(groupId, '', undefined, 99)],
    [`found in ${groupId}`, (readModels) => readModels.search([groupId], 'apple', undefined, 99)],
    [
      `messages of ${groupId}`,
      async (readModels) =>
        sorted(
          await readModels.messages(
            groupId,
            seqs.map((seq) => `${groupId}-${seq}`),
          ),
        ),
    ],
    [
      `reactions in ${groupId}`,
      async (readModels) => sorted(await readModels.reactions(seqs.map((seq) => ({ groupId, seq })))),
    ],
    [
      `counts of reactions in ${groupId}`,
      async (readModels) => {
        const counts = await readModels.reactionCounts(seqs.map((seq) => ({ groupId, seq })));
        return counts.toSorted((a, b) => a.seq - b.seq);
      },
    ],
    ...seqs.map((seq): [string, Ask] => [
      `readers of ${groupId} ${seq}`,
      (readModels) => readModels.readersPage({ groupId, seq }, undefined, undefined, 99),
    ]),
  ]),
);

/** These show each group as of one moment, and two groups as of two. */
const queriesOfPeople: ReadonlyMap<string, Ask> = new Map(
  userIds.flatMap((userId): [string, Ask][] => [
    [`inbox of ${userId}`, (readModels) => readModels.inboxPage(userId, undefined, 99)],
    [`mentions of ${userId}`, (readModels) => readModels.mentionsPage(userId, undefined, 99)],
  ]),
);

export type Answers = ReadonlyMap<string, string>;

/** Asked again for as long as the server cannot answer: how fast a busy machine is, is none of what is tried here. */
export async function answersOf(stored: ReadModels): Promise<Answers> {
  const readModels = inAnyOrder(stored);
  const asked = [...queriesOfOneGroup, ...queriesOfPeople].map(
    async ([name, ask]) => [name, JSON.stringify(await untilAnswered(() => ask(readModels)))] as const,
  );
  return new Map(await Promise.all(asked));
}

async function untilAnswered(ask: () => Promise<unknown>): Promise<unknown> {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof ReadModelsUnavailable)) throw error;
    }
  }
}

/** What one says and the other does not. */
export const differences = (found: Answers, wanted: Answers): readonly string[] =>
  [...wanted].flatMap(([name, answer]) =>
    found.get(name) === answer ? [] : [`${name}: ${found.get(name)} is not ${answer}`],
  );
