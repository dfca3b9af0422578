import { expect } from 'vitest';
import { momentQueries, type ReadModels } from '../../src/ports/read-models.ts';

const sorted = (answer: unknown): unknown =>
  Array.isArray(answer) ? answer.map((row) => JSON.stringify(row)).toSorted() : answer;

/** The same read models, each of whose answers is also that of a moment which is opened for it: what holds for one holds for both. */
export function askedInMoments(readModels: ReadModels): ReadModels {
  const asking = momentQueries.map((name) => {
    const query = readModels[name] as (...asked: readonly unknown[]) => Promise<unknown>;
    const askBoth = async (...asked: readonly unknown[]) => {
      const answer = await query(...asked);
      const moment = await readModels.moment();
      try {
        const inMoment = moment[name] as typeof query;
        expect(sorted(await inMoment(...asked))).toEqual(sorted(answer));
      } finally {
        await moment.close();
      }
      return answer;
    };
    return [name, askBoth];
  });
  return { ...readModels, ...Object.fromEntries(asking) };
}
