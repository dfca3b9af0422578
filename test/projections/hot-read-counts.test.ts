import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeEvent } from '../../src/events/codec.ts';
import { decodeRecorded } from '../../src/events/decode-recorded.ts';
import type { GroupEvent, ReadsEvent } from '../../src/events/event.ts';
import { deriveId } from '../../src/events/event-id.ts';
import { groupStream, parseStreamName, readsStream } from '../../src/events/stream-name.ts';
import { type Position, startOfLog } from '../../src/ports/event-log.ts';
import { createHotReadCounts, type HotReadCountsOptions } from '../../src/projections/hot-read-counts.ts';
import type { ReadCounts } from '../../src/projections/read-counts.ts';
import { added, readUpTo, sent } from '../commands/events.ts';
import { assertAsyncProperty } from '../fakes/assert-property.ts';
import { createInMemoryEventLog } from '../fakes/in-memory-event-log.ts';
import { createLaggingReadModels } from '../fakes/lagging-read-models.ts';
import { arbitraryHistory } from './arbitrary-history.ts';
import { NaiveReadCounts } from './naive-read-counts.ts';

const ofDinner = (event: Happened): Happened =>
  event.type === 'ReadUpTo' ? readUpTo(event.data.userId, event.data.upTo, 'dinner') : event;
const groupIds = ['lunch', 'dinner'] as const;
type Happened = GroupEvent | ReadsEvent;

/** A log with read models that stand anywhere, and hot counts that have followed the log to anywhere. */
function createGroups(options: Pick<HotReadCountsOptions, 'capacityBytes'> = {}) {
  const log = createInMemoryEventLog();
  const readModels = createLaggingReadModels(log);
  const hot = createHotReadCounts({ log, readModels, startPosition: startOfLog, ...options });
  const versions = new Map<string, number>();
  let followed = 0;

  return {
    log,
    readModels,
    hot,
    async append(groupId: string, event: Happened): Promise<void> {
      const streamName = event.type === 'ReadUpTo' ? readsStream(groupId) : groupStream(groupId);
      const version = (versions.get(streamName) ?? -1) + 1;
      versions.set(streamName, version);
      const metadata = { correlationId: 'c', causationId: 'c', actorId: 'ada', at: '2026-11-24T12:00:00.000Z' };
      await log.append(streamName, version - 1, [encodeEvent(event, metadata, deriveId(streamName, String(version)))]);
    },
    follow(count = log.all.length): void {
      for (const recorded of log.all.slice(followed, followed + count)) {
        followed += 1;
        hot.follow(recorded, decodeRecorded(recorded));
      }
    },
    naive(groupId: string, upTo: Position): NaiveReadCounts {
      const model = new NaiveReadCounts();
      const own = log.all.filter(({ streamName }) => parseStreamName(streamName)?.groupId === groupId);
      for (const recorded of own) {
        if (recorded.position <= upTo) model.apply(decodeRecorded(recorded).event as Happened);
      }
      return model;
    },
  };
}

const explainAll = (counts: ReadCounts) =>
  Array.from({ length: counts.lastSeq() }, (_, index) => counts.explain(index + 1));

const arbitraryStep = fc.oneof(
  { weight: 8, arbitrary: fc.record({ does: fc.constant('append' as const), groupId: fc.constantFrom(...groupIds) }) },
  { weight: 3, arbitrary: fc.record({ does: fc.constant('follow' as const), count: fc.integer({ min: 1, max: 12 }) }) },
  {
    weight: 2,
    arbitrary: fc.record({ does: fc.constant('project' as const), count: fc.integer({ min: 1, max: 12 }) }),
  },
  { weight: 4, arbitrary: fc.constant({ does: 'proceed' as const }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('ask' as const), groupId: fc.constantFrom(...groupIds) }) },
);

describe('counts that are loaded while events arrive', () => {
  const arbitraryPlan = fc.record({
    lunch: arbitraryHistory,
    dinner: arbitraryHistory.map((events) => events.map(ofDinner)),
    steps: fc.array(arbitraryStep, { maxLength: 150, size: 'max' }),
    /** Room for both groups, or for hardly one. */
    isRoomy: fc.boolean(),
  });

  test('are those of the naive model, whether the snapshot is behind the feed or ahead of it', async () => {
    await assertAsyncProperty(
      fc.asyncProperty(fc.scheduler(), arbitraryPlan, async (scheduler, { steps, isRoomy, ...histories }) => {
        const groups = createGroups(isRoomy ? {} : { capacityBytes: 1 });
        const { log, readModels, hot } = groups;
        const snapshotOf = readModels.groupSnapshot;
        readModels.groupSnapshot = async (groupId) => {
          const snapshot = await snapshotOf(groupId);
          await scheduler.schedule(Promise.resolve(), 'snapshot');
          return snapshot;
        };
        log.afterReadStream = () => scheduler.schedule(Promise.resolve(), 'read');
        const next = { lunch: histories.lunch.values(), dinner: histories.dinner.values() };
        const asked: Promise<void>[] = [];
        const ask = async (groupId: string) => {
          const counts = await hot.of(groupId);
          // One that was let go meanwhile is not followed any more.
          if (!isRoomy) return;
          expect(explainAll(counts)).toEqual(groups.naive(groupId, hot.exactAt(groupId)).explainAll());
        };
        for (const step of steps) {
          if (step.does === 'append') {
            const { value } = next[step.groupId].next();
            if (value !== undefined) await groups.append(step.groupId, value);
          } else if (step.does === 'follow') groups.follow(step.count);
          else if (step.does === 'project') readModels.advance(step.count);
          else if (step.does === 'ask') asked.push(ask(step.groupId));
          else if (scheduler.count() > 0) await scheduler.waitOne();
        }
        await scheduler.waitFor(Promise.all(asked));
        groups.follow();
        for (const groupId of groupIds) {
          const counts = await scheduler.waitFor(hot.of(groupId));
          expect(explainAll(counts)).toEqual(groups.naive(groupId, hot.position()).explainAll());
        }
      }),
      { numRuns: 300 },
    );
  });

  test('of a group that nobody has seen are those of an empty one', async () => {
    const { hot } = createGroups();
    const counts = await hot.of('nowhere');
    expect([counts.lastSeq(), counts.memberCount()]).toEqual([0, 0]);
  });
});

describe('a hot group', () => {
  const lunch = [added({ ada: 'owner', bob: 'member' }, 2), sent(1, 'ada'), sent(2, 'ada')];
  async function lunchGroup(options: Pick<HotReadCountsOptions, 'capacityBytes'> = {}) {
    const groups = createGroups(options);
    for (const event of lunch) await groups.append('lunch', event);
    for (const groupId of ['dinner', 'tea']) await groups.append(groupId, added({ ada: 'owner' }, 1));
    groups.follow();
    return groups;
  }
  /** Appends and follows one event, and says which counts it may have changed. */
  async function happen({ append, log, hot }: Awaited<ReturnType<typeof lunchGroup>>, event: Happened) {
    await append('lunch', event);
    const recorded = log.all.at(-1);
    if (recorded === undefined) throw new Error('nothing was appended');
    return hot.follow(recorded, decodeRecorded(recorded));
  }

  test('says which of its counts an event may have changed, and a cold one says nothing', async () => {
    const groups = await lunchGroup();
    expect(await happen(groups, readUpTo('bob', 1))).toBeUndefined();
    const counts = await groups.hot.of('lunch');
    expect(counts.readCount(1)).toBe(1);
    expect(await happen(groups, readUpTo('bob', 2))).toEqual({ after: 1, upTo: 2 });
    expect(counts.readCount(2)).toBe(1);
  });

  test('is loaded once for all who ask at the same time', async () => {
    const { hot, log } = await lunchGroup();
    let reads = 0;
    log.afterReadStream = () => {
      reads += 1;
    };
    const [first, second] = await Promise.all([hot.of('lunch'), hot.of('lunch')]);
    expect(first).toBe(second);
    expect(reads).toBe(2);
  });

  test('stays while it is held, though there is no room', async () => {
    const groups = await lunchGroup({ capacityBytes: 1 });
    const release = groups.hot.hold('lunch');
    const counts = await groups.hot.of('lunch');
    await groups.hot.of('dinner');
    await groups.hot.of('tea');
    expect(await groups.hot.of('lunch')).toBe(counts);
    release();
    await groups.hot.of('dinner');
    expect(await groups.hot.of('lunch')).not.toBe(counts);
  });

  test('that is held stays held when its loading fails, and is loaded by who asks next', async () => {
    const groups = await lunchGroup({ capacityBytes: 1 });
    groups.hot.hold('lunch');
    groups.log.afterReadStream = () => {
      groups.log.afterReadStream = () => undefined;
      throw new Error('the log is not there');
    };
    await expect(groups.hot.of('lunch')).rejects.toThrow('the log is not there');
    await happen(groups, readUpTo('bob', 2));
    const counts = await groups.hot.of('lunch');
    expect(counts.readCount(2)).toBe(1);
    await groups.hot.of('dinner');
    expect(await groups.hot.of('lunch')).toBe(counts);
  });

  test('whose snapshot holds all that was followed is loaded without the log', async () => {
    const groups = await lunchGroup();
    await groups.append('lunch', readUpTo('bob', 2));
    groups.follow();
    groups.readModels.advance();
    groups.log.afterReadStream = () => {
      throw new Error('the log is not there');
    };
    const counts = await groups.hot.of('lunch');
    expect([counts.readCount(1), counts.readCount(2)]).toEqual([1, 1]);
    expect(await happen(groups, sent(3, 'bob'))).toBeDefined();
    expect(counts.lastSeq()).toBe(3);
  });

  test('whose tail is longer than a page is counted to its end', async () => {
    const groups = await lunchGroup();
    for (let seq = 3; seq <= 2_500; seq += 1) await groups.append('lunch', sent(seq, seq % 2 === 0 ? 'ada' : 'bob'));
    groups.follow();
    const counts = await groups.hot.of('lunch');
    expect(counts.lastSeq()).toBe(2_500);
    expect([counts.readCount(2_499), counts.readCount(2_500)]).toEqual([1, 0]);
  });
});
