import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { refuseUnreachable } from '../../src/delivery/timeline-source.ts';
import { added, lunch, removed, sent } from '../commands/events.ts';
import { createStage, type Stage, take, takeAll } from './stage.ts';

let stage: Stage;
beforeEach(async () => {
  stage = createStage();
  await stage.append(...lunch);
});
afterEach(() => stage.stop());

const versions = (entries: readonly { readonly version: number }[]) => entries.map(({ version }) => version);

describe('rights, at the moment of delivery', () => {
  test('the viewer’s own departure ends it, also where only the log knows of it', async () => {
    await stage.append(sent(1, 'ada'), sent(2, 'ada'), sent(3, 'ada'));
    const timeline = await stage.timeline('bob', 1);
    stage.hold();
    await stage.append(removed('bob', 3, 3), sent(4, 'ada'));
    // The policy goes by what this process knows, which is nothing of it.
    expect(await stage.policy.refuseDelivery(stage.viewerOf('bob'), 'lunch')).toBeUndefined();
    expect(await takeAll(timeline)).toEqual({ items: [], ending: { kind: 'no-longer-a-member' } });
    expect(stage.feed.listenerCount()).toBe(0);
  });

  test('a slow subscriber is handed nothing of what waited from before the removal', async () => {
    const timeline = await stage.timeline('bob', undefined);
    await stage.append(sent(1, 'ada'));
    await stage.fed();
    await stage.append(removed('bob', 3, 1), sent(2, 'ada'));
    await stage.fed();
    expect(await takeAll(timeline)).toEqual({ items: [], ending: { kind: 'no-longer-a-member' } });
  });

  test('being added again does not bring back what was begun before the removal', async () => {
    const timeline = await stage.timeline('bob', undefined);
    await stage.append(removed('bob', 3), sent(1, 'ada'), added({ bob: 'member' }, 4, 1), sent(2, 'ada'));
    await stage.fed();
    expect(await takeAll(timeline)).toEqual({ items: [], ending: { kind: 'no-longer-a-member' } });
  });

  test('one who was removed and added again before subscribing is shown everything', async () => {
    await stage.append(removed('bob', 3), sent(1, 'ada'), added({ bob: 'member' }, 4, 1), sent(2, 'ada'));
    expect(versions(await take(await stage.timeline('bob', -1), 6))).toEqual([0, 1, 2, 3, 4, 5]);
  });

  test('somebody else’s departure ends nothing', async () => {
    const timeline = await stage.timeline('bob', undefined);
    await stage.append(removed('cleo', 3), sent(1, 'ada'));
    expect(versions(await take(timeline, 2))).toEqual([2, 3]);
  });

  test('nothing is delivered after the token’s end, whatever waits', async () => {
    const timeline = await stage.timeline('bob', undefined);
    await stage.append(sent(1, 'ada'));
    await stage.fed();
    stage.now = 1_000_000;
    expect(await takeAll(timeline)).toMatchObject({ items: [], ending: { kind: 'unauthenticated' } });
    expect(stage.feed.listenerCount()).toBe(0);
  });

  test('leaving settles a pending next and lets go of the feed', async () => {
    const timeline = await stage.timeline('bob', undefined);
    const waiting = timeline.next();
    expect(stage.feed.listenerCount()).toBe(1);
    await timeline.return?.();
    expect(await waiting).toEqual({ done: true, value: undefined });
    expect(stage.feed.listenerCount()).toBe(0);
  });
});

test('a version is refused that the stream has not reached, or that comes before every version', () => {
  for (const after of [undefined, -1, 0, 3]) expect(refuseUnreachable(after, 3)).toBeUndefined();
  for (const after of [4, -2]) expect(refuseUnreachable(after, 3)).toEqual({ kind: 'version-not-reached', newest: 3 });
});
