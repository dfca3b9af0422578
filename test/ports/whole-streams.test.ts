import { expect, test } from 'vitest';
import { groupStream, type StreamName } from '../../src/events/stream-name.ts';
import { noStream } from '../../src/ports/event-log.ts';
import { createHaltedGroups, GroupHalted } from '../../src/ports/halted-groups.ts';
import { readWholeStreams } from '../../src/ports/whole-streams.ts';
import { marks } from '../contract/event-log-samples.ts';
import { createInMemoryEventLog } from '../fakes/in-memory-event-log.ts';

const stream = groupStream('lunch');

async function tenEvents(streamName: StreamName = stream) {
  const log = createInMemoryEventLog();
  const halted = createHaltedGroups();
  await log.append(streamName, noStream, marks(0, 10));
  return { log, halted, whole: readWholeStreams(log, halted) };
}

test('a stream that is whole from where it is asked for is read as it is', async () => {
  const { log, halted, whole } = await tenEvents();
  log.cutOut(stream, 0, 3);
  expect((await whole.readStream(stream, 3, 4)).map(({ version }) => version)).toEqual([3, 4, 5, 6]);
  expect(await whole.readStream(stream, 10, 4)).toEqual([]);
  expect(await whole.readStreamBackwards(stream, undefined, 1)).toHaveLength(1);
  expect(halted.count()).toBe(0);
});

test.each([
  ['its beginning', [0, 3], 'group-lunch, version 3: the log holds group-lunch only from version 3 on'],
  ['one in between', [4, 5], 'group-lunch, version 5: the log misses version 4 of group-lunch'],
  ['several in between', [4, 8], 'group-lunch, version 8: the log misses versions 4 to 7 of group-lunch'],
] as const)('a stream that misses %s halts its group, and says so', async (_, [from, before], reason) => {
  const { log, halted, whole } = await tenEvents();
  log.cutOut(stream, from, before);
  await expect(whole.readStream(stream, 0, 100)).rejects.toThrow(GroupHalted);
  expect(halted.find('lunch')).toMatchObject({ groupId: 'lunch', reason });
});

test('a stream that was deleted for good halts its group, whatever is asked of it', async () => {
  for (const call of ['readStream', 'readStreamBackwards', 'append'] as const) {
    const { log, halted, whole } = await tenEvents();
    log.deleteForGood(stream);
    const calls = {
      readStream: () => whole.readStream(stream, 0, 1),
      readStreamBackwards: () => whole.readStreamBackwards(stream, undefined, 1),
      append: () => whole.append(stream, 9, marks(10, 1)),
    };
    await expect(calls[call]()).rejects.toThrow('group lunch is halted: group-lunch was deleted for good');
    expect(halted.count()).toBe(1);
  }
});

test('what is none of our streams is as its owner wants it', async () => {
  const others = 'orders-1' as StreamName;
  const { log, halted, whole } = await tenEvents(others);
  log.cutOut(others, 0, 3);
  expect(await whole.readStream(others, 0, 100)).toHaveLength(7);
  log.deleteForGood(others);
  await expect(whole.readStream(others, 0, 1)).rejects.toMatchObject({ name: 'LogUnavailable' });
  expect(halted.count()).toBe(0);
});
