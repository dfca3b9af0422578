import { afterEach, beforeEach, expect, test } from 'vitest';
import { edited, lunch, sent } from '../commands/events.ts';
import { createStage, type Stage, take, takeAll } from './stage.ts';

let stage: Stage;
beforeEach(async () => {
  stage = createStage();
  await stage.append(...lunch);
});
afterEach(() => stage.stop());

const versions = (entries: readonly { readonly version: number }[]) => entries.map(({ version }) => version);
const upTo = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);
const messages = (from: number, to: number) => upTo(from, to).map((seq) => sent(seq, 'ada'));

test('what those who are behind hold is bounded for all of them together, and they miss nothing', async () => {
  for (let seq = 1; seq <= 300; seq += 1) await stage.append(sent(seq, 'ada', { text: `${seq}`.padEnd(8_000, '.') }));
  const bound = 64 * 1024 * 1024;
  const timelines = await Promise.all(Array.from({ length: 30 }, () => stage.timeline('bob', 1)));
  for (const timeline of timelines) await take(timeline, 1);
  expect(stage.backlog.texts.byteLength).toBeGreaterThan(bound * 0.9);
  expect(stage.backlog.texts.byteLength).toBeLessThanOrEqual(bound);
  expect(versions(await take(timelines[29] as (typeof timelines)[0], 299))).toEqual(upTo(3, 301));
  for (const timeline of timelines) await timeline.return?.();
  expect(stage.backlog.texts.byteLength).toBe(0);
});

test('one for whose backlog there is no room is told to begin anew', async () => {
  await stage.append(...messages(1, 300));
  for (let seq = 1; seq <= 300; seq += 1) await stage.append(edited(seq, 'edited'));
  const others = stage.backlog.changes.share();
  others.add(64 * 1024 * 1024 + 16 * 1024);
  expect(await takeAll(await stage.timeline('bob', 1))).toMatchObject({
    items: [{ kind: 'resync', version: 601 }],
    ending: undefined,
  });
  others.end();
  expect(versions(await take(await stage.timeline('bob', 1), 600))).toEqual(upTo(2, 601));
});

test('a backlog is read a page at a time, when it is its subscriber’s turn', async () => {
  await stage.append(...messages(1, 1_000));
  let turns = 0;
  stage.turn = async () => {
    turns += 1;
  };
  const timeline = await stage.timeline('bob', 1);
  let reads = 0;
  stage.log.afterReadStream = () => {
    reads += 1;
  };
  await take(timeline, 1_000);
  expect(reads).toBeGreaterThan(4);
  expect(turns).toBe(reads);
});
