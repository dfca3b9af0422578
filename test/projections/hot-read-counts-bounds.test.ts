import { beforeEach, describe, expect, test } from 'vitest';
import { encodeEvent } from '../../src/events/codec.ts';
import { decodeRecorded } from '../../src/events/decode-recorded.ts';
import type { GroupEvent, ReadsEvent } from '../../src/events/event.ts';
import { deriveId } from '../../src/events/event-id.ts';
import { groupStream, readsStream } from '../../src/events/stream-name.ts';
import { LogUnavailable, type Position, type RecordedEvent, startOfLog } from '../../src/ports/event-log.ts';
import { createHaltedGroups, GroupHalted } from '../../src/ports/halted-groups.ts';
import { createHotReadCounts, type HotReadCounts } from '../../src/projections/hot-read-counts.ts';
import { added, left, readUpTo, sent } from '../commands/events.ts';
import { createInMemoryEventLog, type InMemoryEventLog } from '../fakes/in-memory-event-log.ts';
import { createLaggingReadModels, type LaggingReadModels } from '../fakes/lagging-read-models.ts';

type Happened = GroupEvent | ReadsEvent;

let log: InMemoryEventLog;
let readModels: LaggingReadModels;
let hot: HotReadCounts;

const metadata = { correlationId: 'c', causationId: 'c', actorId: 'ada', at: '2026-11-24T12:00:00.000Z' };

beforeEach(() => {
  log = createInMemoryEventLog();
  readModels = createLaggingReadModels(log);
  hot = createHotReadCounts({ log, readModels, startPosition: startOfLog });
});

async function append(...events: readonly Happened[]): Promise<void> {
  for (const event of events) {
    const streamName = event.type === 'ReadUpTo' ? readsStream('lunch') : groupStream('lunch');
    const version = log.all.filter((one) => one.streamName === streamName).length;
    await log.append(streamName, version - 1, [encodeEvent(event, metadata, deriveId(streamName, String(version)))]);
  }
}
const follow = (recorded: RecordedEvent) => hot.follow(recorded, decodeRecorded(recorded));
const followAll = () => log.all.map(follow);
const explained = async (seq: number) => (await hot.of('lunch')).explain(seq);

describe('each event counts once', () => {
  test('when the snapshot holds what the feed has yet to bring: nobody is in the audience twice', async () => {
    await append(added({ ada: 'owner', bob: 'member' }, 2), sent(1, 'ada'), left('bob', 1, 1), sent(2, 'ada'));
    readModels.advance();
    expect([await explained(1), await explained(2)]).toMatchObject([{ audience: 1 }, { audience: 0 }]);
    followAll();
    expect([await explained(1), await explained(2)]).toMatchObject([{ audience: 1 }, { audience: 0 }]);
  });

  test('when one stream’s version says nothing of the other’s', async () => {
    await append(added({ ada: 'owner', bob: 'member' }, 2), sent(1, 'ada'), readUpTo('bob', 1));
    readModels.advance();
    await hot.of('lunch');
    followAll();
    await append(sent(2, 'ada'), readUpTo('bob', 2));
    log.all.slice(-2).map(follow);
    expect(await explained(2)).toEqual({ audience: 1, read: 1, notYet: 0, leftBeforeReading: 0 });
  });
});

describe('what is kept', () => {
  test('of groups without an event is within the bound, however many are asked for', async () => {
    const capacityBytes = 20_000;
    const small = createHotReadCounts({ log, readModels, startPosition: startOfLog, capacityBytes });
    for (let number = 0; number < 1_000; number += 1) await small.of(`nowhere-${number}`);
    expect(small.byteLength()).toBeLessThanOrEqual(capacityBytes);
  });

  test('of a group without an event is followed from the moment that its counts are asked for', async () => {
    const counts = await hot.of('lunch');
    await append(added({ ada: 'owner', bob: 'member' }, 2), sent(1, 'ada'));
    for (const recorded of log.all) follow(recorded);
    expect(counts.explain(1)).toMatchObject({ audience: 1, read: 0 });
  });

  test('of the feed while a group is loading is bounded, and what it leaves out is read from the log', async () => {
    await append(added({ ada: 'owner', bob: 'member' }, 2));
    follow(log.all[0] as RecordedEvent);
    let reads = 0;
    log.afterReadStream = async () => {
      reads += 1;
      if (reads > 1) return;
      const before = log.all.length;
      for (let seq = 1; seq <= 250; seq += 1) await append(sent(seq, 'ada'), readUpTo('bob', seq));
      for (const recorded of log.all.slice(before)) follow(recorded);
    };
    const counts = await hot.of('lunch');
    expect(counts.lastSeq()).toBe(250);
    expect([1, 100, 250].map((seq) => counts.readCount(seq))).toEqual([1, 1, 1]);
    expect(reads).toBeGreaterThan(2);
  });

  test('grows in the sum as it grows, without being asked for', async () => {
    await append(added({ ada: 'owner' }, 1));
    followAll();
    await hot.of('lunch');
    const before = hot.byteLength();
    const members = Object.fromEntries(
      Array.from({ length: 1_000 }, (_, index) => [`user-${index}`, 'member' as const]),
    );
    await append(added(members, 1_001));
    follow(log.all.at(-1) as RecordedEvent);
    expect(hot.byteLength()).toBeGreaterThan(before + 100_000);
  });
});

describe('once all groups are forgotten', () => {
  test('each is counted anew from what the read models say then', async () => {
    await append(added({ ada: 'owner', bob: 'member' }, 2), sent(1, 'ada'), readUpTo('bob', 1));
    followAll();
    expect(await explained(1)).toMatchObject({ read: 1 });
    let snapshots = 0;
    const { groupSnapshot } = readModels;
    readModels.groupSnapshot = (groupId) => {
      snapshots += 1;
      return groupSnapshot(groupId);
    };
    hot.forgetAll();
    expect(hot.size()).toBe(0);
    expect(await explained(1)).toMatchObject({ read: 1 });
    expect(snapshots).toBe(1);
  });

  test('one that is being counted is counted once more, for nothing of it was followed since', async () => {
    await append(added({ ada: 'owner', bob: 'member' }, 2), sent(1, 'ada'));
    followAll();
    log.afterReadStream = async () => {
      log.afterReadStream = () => undefined;
      hot.forgetAll();
      await append(readUpTo('bob', 1));
      follow(log.all.at(-1) as RecordedEvent);
    };
    expect((await hot.of('lunch')).readCount(1)).toBe(1);
    await append(sent(2, 'ada'));
    follow(log.all.at(-1) as RecordedEvent);
    expect(await explained(2)).toMatchObject({ audience: 1, read: 0 });
  });

  test('one that is held may be changed by any event until it is counted anew', async () => {
    await append(added({ ada: 'owner', bob: 'member' }, 2), sent(1, 'ada'));
    followAll();
    hot.hold('lunch');
    await hot.of('lunch');
    hot.forgetAll();
    await append(readUpTo('bob', 1));
    expect(follow(log.all.at(-1) as RecordedEvent)).toMatchObject({ after: 0 });
    expect(await explained(1)).toMatchObject({ read: 1 });
  });

  test('one that is forgotten whenever it is counted is given up', async () => {
    await append(added({ ada: 'owner' }, 1));
    followAll();
    log.afterReadStream = () => hot.forgetAll();
    await expect(hot.of('lunch')).rejects.toThrow(LogUnavailable);
  });
});

test('counts of a group that is halted while they are loaded are given to nobody', async () => {
  const halted = createHaltedGroups();
  hot = createHotReadCounts({ log, readModels, halted, startPosition: startOfLog });
  await append(added({ ada: 'owner', bob: 'member' }, 2), sent(1, 'ada'));
  followAll();
  log.afterReadStream = () => halted.learn([{ groupId: 'lunch', position: 0, reason: 'by order of the test' }], true);
  await expect(hot.of('lunch')).rejects.toThrow(GroupHalted);
});

describe('a log that was restored beneath the process', () => {
  const at = (recorded: RecordedEvent, position: Position): RecordedEvent => ({ ...recorded, position });

  test('is noticed by a version that stands at another position: the counts are begun anew, and watchers told', async () => {
    await append(added({ ada: 'owner', bob: 'member' }, 2), sent(1, 'ada'), readUpTo('bob', 1));
    followAll();
    hot.hold('lunch');
    expect(await explained(1)).toMatchObject({ read: 1 });
    const restored = createInMemoryEventLog();
    Object.assign(log, { readStream: restored.readStream });
    const sentElsewhere = at(log.all[1] as RecordedEvent, 1_000);
    expect(follow(sentElsewhere)).toEqual({ after: 0, upTo: 1 });
    expect((await hot.of('lunch')).lastSeq()).toBe(0);
  });

  test('is refused where its streams end before what was followed, in so many words and not for ever', async () => {
    await append(added({ ada: 'owner', bob: 'member' }, 2));
    let reads = 0;
    Object.assign(log, {
      readStream: async () => {
        reads += 1;
        if (reads === 1) follow(at({ ...(log.all[0] as RecordedEvent), version: 7 }, 50));
        return [];
      },
    });
    follow(log.all[0] as RecordedEvent);
    await expect(hot.of('lunch')).rejects.toThrow(LogUnavailable);
    expect(reads).toBeLessThan(50);
    expect(hot.size()).toBe(0);
  });
});
