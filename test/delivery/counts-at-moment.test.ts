import fc from 'fast-check';
import { expect, test } from 'vitest';
import { countsAtMoment } from '../../src/delivery/counts-at-moment.ts';
import { encodeEvent } from '../../src/events/codec.ts';
import { decodeRecorded } from '../../src/events/decode-recorded.ts';
import type { GroupEvent, ReadsEvent } from '../../src/events/event.ts';
import { deriveId } from '../../src/events/event-id.ts';
import { groupStream, readsStream } from '../../src/events/stream-name.ts';
import { LogUnavailable, startOfLog } from '../../src/ports/event-log.ts';
import { createHotReadCounts } from '../../src/projections/hot-read-counts.ts';
import { assertAsyncProperty } from '../fakes/assert-property.ts';
import { createInMemoryEventLog } from '../fakes/in-memory-event-log.ts';
import { createLaggingReadModels } from '../fakes/lagging-read-models.ts';
import { arbitraryHistory, readers } from '../projections/arbitrary-history.ts';
import { NaiveReadCounts } from '../projections/naive-read-counts.ts';

/** A log of one group; rows that have come to some event, and live counts that have come to another. */
async function stage(history: readonly (GroupEvent | ReadsEvent)[], rowsAt: number) {
  const log = createInMemoryEventLog();
  const metadata = { correlationId: 'c', causationId: 'c', actorId: 'ada', at: '2026-11-24T12:00:00.000Z' };
  const versions = new Map<string, number>();
  const created: GroupEvent = { type: 'GroupCreated', data: { groupId: 'lunch', name: 'Lunch' } };
  for (const event of [created, ...history]) {
    const stream = event.type === 'ReadUpTo' ? readsStream('lunch') : groupStream('lunch');
    const version = versions.get(stream) ?? 0;
    versions.set(stream, version + 1);
    await log.append(stream, version - 1, [encodeEvent(event, metadata, deriveId(stream, String(version)))]);
  }
  const readModels = createLaggingReadModels(log);
  readModels.advance(rowsAt + 1);
  const counts = createHotReadCounts({ log, readModels, startPosition: startOfLog });
  let followed = 0;
  const follow = (upTo: number): void => {
    for (const recorded of log.all.slice(followed, upTo)) counts.follow(recorded, decodeRecorded(recorded));
    followed = Math.max(followed, upTo);
  };
  const position = await readModels.checkpoint();
  const moment = { position, groupSnapshot: readModels.groupSnapshot };
  const naive = new NaiveReadCounts();
  for (const event of history.slice(0, rowsAt)) naive.apply(event);
  return { log, counts, follow, moment, naive };
}

const still = { reached: async () => false, isFollowing: () => true };

test('counts are exact as of the moment, however far the live ones have come and from wherever they began', async () => {
  const part = fc.double({ min: 0, max: 1, noNaN: true });
  await assertAsyncProperty(
    fc.asyncProperty(arbitraryHistory, part, part, part, async (history, ofRows, ofLoading, ofFollowing) => {
      const at = (share: number) => Math.floor(history.length * share);
      const { counts, follow, moment, naive } = await stage(history, at(ofRows));
      follow(at(ofLoading));
      await counts.of('lunch');
      follow(at(ofFollowing));
      const then = await countsAtMoment({ counts, feed: still }, moment)('lunch');
      const seqs = Array.from({ length: then.lastSeq() }, (_, index) => index + 1);
      expect(seqs.map((seq) => then.explain(seq))).toEqual(naive.explainAll());
      for (const userId of readers) expect(then.reading(userId)).toEqual(naive.reading(userId));
    }),
    { numRuns: 150 },
  );
});

const history: readonly (GroupEvent | ReadsEvent)[] = [
  {
    type: 'MembersAdded',
    data: { members: [{ userId: 'ada', name: 'Ada', role: 'owner' }], afterSeq: 0, memberCount: 1 },
  },
];

test('live counts that are behind are waited for, and no row is read', async () => {
  const { log, counts, follow, moment } = await stage(history, 1);
  const feed = {
    isFollowing: () => true,
    async reached() {
      follow(log.all.length);
      return true;
    },
  };
  await counts.of('lunch');
  const groupSnapshot = () => Promise.reject(new Error('the rows are not needed'));
  expect((await countsAtMoment({ counts, feed }, { ...moment, groupSnapshot })('lunch')).memberCount()).toBe(1);
});

test('where the log is away the rows are counted, and nobody waits', async () => {
  const { moment } = await stage(history, 1);
  const counts = { at: () => Promise.reject(new LogUnavailable('by order of the test')) };
  const feed = { isFollowing: () => false, reached: () => Promise.reject(new Error('nobody waits')) };
  expect((await countsAtMoment({ counts, feed }, moment)('lunch')).memberCount()).toBe(1);
});
