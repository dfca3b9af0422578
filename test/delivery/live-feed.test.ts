import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { FeedListener } from '../../src/delivery/feed-listeners.ts';
import type { FeedEvent, FeedTopic } from '../../src/delivery/live-feed.ts';
import { UndecodableEvent } from '../../src/events/codec.ts';
import { added, edited, left, lunch, readUpTo, sent } from '../commands/events.ts';
import { createStage, groupId, type Stage } from './stage.ts';

let stage: Stage;
beforeEach(async () => {
  stage = createStage();
  await stage.append(...lunch);
  await stage.fed();
});
afterEach(() => stage.stop());

const listener = () => ({ hear: vi.fn<FeedListener<FeedEvent>['hear']>(), fail: vi.fn() });
/** Listeners to a topic, and how many calls they were given together. */
function crowd(topic: FeedTopic, ids: readonly string[]) {
  const listeners = ids.map((id) => {
    const one = listener();
    stage.feed.watch(topic, id, one);
    return one;
  });
  return () => listeners.reduce((sum, { hear }) => sum + hear.mock.calls.length, 0);
}
const same = (id: string, count: number) => Array.from({ length: count }, () => id);
const different = (count: number) => Array.from({ length: count }, (_, index) => `other-${index}`);

test('an event calls those whom it concerns and nobody else, however many listen', async () => {
  const calls = {
    timelines: crowd('group', same(groupId, 1_000)),
    otherTimelines: crowd('group', different(1_000)),
    messages: crowd('messages', same(groupId, 10)),
    counts: crowd('counts', [groupId]),
    bob: crowd('person', ['bob']),
    others: crowd('person', [...different(1_000), 'cleo']),
  };
  const counted = () => Object.fromEntries(Object.entries(calls).map(([name, count]) => [name, count()]));
  const none = { timelines: 0, otherTimelines: 0, messages: 0, counts: 0, bob: 0, others: 0 };
  await stage.append(sent(1, 'ada'));
  await stage.fed();
  expect(counted()).toEqual({ ...none, timelines: 1_000, messages: 10 });
  await stage.counts.of(groupId);
  await stage.append(readUpTo('bob', 1));
  await stage.fed();
  expect(counted()).toEqual({ ...none, timelines: 1_000, messages: 10, counts: 1, bob: 1 });
  await stage.append(edited(1, 'one'));
  await stage.append(left('bob', 3, 1));
  await stage.fed();
  expect(counted()).toEqual({ ...none, timelines: 3_000, messages: 10, counts: 1, bob: 2 });
  await stage.append(added({ bob: 'member', eve: 'member' }, 5, 1));
  await stage.fed();
  expect(counted()).toEqual({ ...none, timelines: 4_000, messages: 10, counts: 1, bob: 3 });
});

test('a listener that throws is told so and called no more; others and the feed go on', async () => {
  const broken = listener();
  broken.hear.mockImplementation(() => {
    throw new RangeError('by order of the test');
  });
  broken.fail.mockImplementation(() => {
    throw new RangeError('and so does its end');
  });
  const well = listener();
  stage.feed.watch('group', groupId, broken);
  stage.feed.watch('group', groupId, well);
  await stage.append(sent(1, 'ada'), sent(2, 'ada'));
  await stage.fed();
  expect(broken.hear).toHaveBeenCalledOnce();
  expect(broken.fail).toHaveBeenCalledExactlyOnceWith(expect.any(RangeError));
  expect(well.hear).toHaveBeenCalledTimes(2);
  expect(stage.feed.listenerCount()).toBe(1);
});

test('those who listen to a group that is halted are told why; those who listen to a person are not', async () => {
  const [timeline, counts, person] = [listener(), listener(), listener()];
  stage.feed.watch('group', groupId, timeline);
  stage.feed.watch('counts', groupId, counts);
  stage.feed.watch('person', 'bob', person);
  await stage.poison();
  await stage.fed();
  expect(timeline.fail).toHaveBeenCalledExactlyOnceWith(expect.any(UndecodableEvent));
  expect(counts.fail).toHaveBeenCalledOnce();
  expect(person.fail).not.toHaveBeenCalled();
  expect(stage.feed.listenerCount()).toBe(1);
  await stage.append(left('bob', 3, 0));
  await stage.fed();
  expect(person.hear).not.toHaveBeenCalled();
  // The counts of all others are exact up to there all the same.
  expect(stage.counts.exactAt('another')).toBe(stage.feed.position());
});

test('who stops listening is not called, and is counted no more, however often they stop', async () => {
  const one = listener();
  const stop = stage.feed.watch('group', groupId, one);
  stop();
  stop();
  expect(stage.feed.listenerCount()).toBe(0);
  await stage.append(sent(1, 'ada'));
  await stage.fed();
  expect(one.hear).not.toHaveBeenCalled();
});

test('an exception in a fold halts its group, whatever it is, and the feed goes on for all others', async () => {
  const { follow } = stage.counts;
  stage.counts.follow = (recorded, decoded) => {
    if (decoded.event.type === 'GroupRenamed') throw new RangeError('a defect of the counts');
    return follow(recorded, decoded);
  };
  await stage.append({ type: 'GroupRenamed', data: { name: 'Anew' } });
  await stage.fed();
  expect(stage.poisoned).toEqual(['lunch']);
  expect(stage.feed.isFollowing()).toBe(true);
});
