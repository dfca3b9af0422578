import { expect, test, vi } from 'vitest';
import { groupStream } from '../../src/events/stream-name.ts';
import { ReadModelsCorrupt } from '../../src/ports/read-model-faults.ts';
import type { StoredGroup } from '../../src/ports/row-store.ts';
import { requireCheckpointInRows } from '../../src/projections/lost-rows.ts';
import { unknownGroup } from '../../src/projections/rows/group.ts';
import { createInMemoryEventLog } from '../fakes/in-memory-event-log.ts';
import type { GroupRows } from '../fakes/in-memory-rows.ts';
import { beginGroup, createWriter, markIn, reached, renamed, start } from './projection-under-test.ts';
import { appendTo } from './recorded-events.ts';

/** Two groups, projected up to their end by a run that has stopped; the newest event is one of `newest`. */
async function projected() {
  const log = createInMemoryEventLog();
  for (const groupId of ['g', 'newest']) {
    await beginGroup(log, groupId, { messages: 2 });
    await markIn(log, groupId, 1);
  }
  const stage = createWriter();
  const first = start({ log, writer: stage.writer });
  await reached(log, stage.writer);
  await first.stop();
  const onPoison = vi.fn();
  return { log, ...stage, onPoison, again: () => start({ log, writer: stage.writer, onPoison }).ended };
}

type Damage = (rows: Map<string, GroupRows>) => void;
const older =
  (field: 'version' | 'readsVersion', version: number): Damage =>
  (rows) => {
    const found = rows.get('g') ?? expect.fail();
    found.group = { ...found.group, [field]: version };
  };

test.each<readonly [string, Damage, RegExp]>([
  ['is gone', (rows) => void rows.delete('g'), /lost version 0 of group-g/],
  ['is an older one', older('version', 1), /lost version 2 of group-g/],
  ['knows less of the marks', older('readsVersion', -1), /lost version 0 of reads-g/],
])('a group whose row %s is not halted at its next event: the rows are corrupt', async (_, damage, reason) => {
  const { log, rows, writer, onPoison, again } = await projected();
  damage(rows.groups);
  await appendTo(log, groupStream('g'), renamed);
  await markIn(log, 'g', 2);
  const ended = again();
  await expect(ended).rejects.toThrow(ReadModelsCorrupt);
  await expect(ended).rejects.toThrow(reason);
  expect(onPoison).not.toHaveBeenCalled();
  expect(await writer.haltedGroups()).toEqual([]);
});

test('rows that do not hold the event at their checkpoint are corrupt from the start', async () => {
  const { rows, again } = await projected();
  rows.groups.clear();
  await expect(again()).rejects.toThrow('not version 0 of reads-newest');
});

const row = { ...unknownGroup('g'), version: 3, readsVersion: 1 };

test.each<readonly [string, number, Partial<StoredGroup> | undefined, boolean]>([
  ['group-g', 3, {}, true],
  ['group-g', 4, {}, false],
  ['group-g', 4, { haltedAt: 7, haltReason: 'not JSON' }, true],
  ['group-g', 0, undefined, false],
  ['reads-g', 1, {}, true],
  ['reads-g', 2, {}, false],
  ['imports-g', 0, undefined, true],
  ['someone-elses', 3, undefined, true],
])(
  'rows whose checkpoint is of stream %s, version %s, are looked into: %o is whole is %s',
  async (streamName, version, found, isWhole) => {
    const rows = { groups: async () => (found === undefined ? [] : [{ ...row, ...found }]) };
    const looking = requireCheckpointInRows(rows, { position: 9, event: { streamName, version, eventId: 'e' } });
    if (isWhole) await looking;
    else await expect(looking).rejects.toThrow(ReadModelsCorrupt);
  },
);

test('what the log itself leaves out of what comes later halts its group, as it would in every build', async () => {
  const { log, writer, onPoison, again } = await projected();
  const hidden = await log.endPosition();
  await appendTo(log, groupStream('g'), renamed);
  await appendTo(log, groupStream('g'), renamed);
  // One that follows it misses an event that its stream has.
  const { subscribe } = log;
  vi.spyOn(log, 'subscribe').mockImplementation(async function* (...place) {
    for await (const batch of subscribe(...place)) {
      yield { ...batch, events: batch.events.filter(({ position }) => position > hidden + 3) };
    }
  });
  void again();
  await vi.waitFor(() => expect(onPoison).toHaveBeenCalledTimes(1));
  expect(await writer.haltedGroups()).toMatchObject([{ groupId: 'g' }]);
});
