import { afterEach, beforeEach, expect, test } from 'vitest';
import type { BuildId } from '../../../src/ports/read-model-builds.ts';
import { History } from '../../contract/read-models-history.ts';
import { type FreshDatabase, freshDatabase } from './fresh-database.ts';
import * as opened from './open-build.ts';
import { pauseAt } from './pause-at.ts';
import { shown } from './shown.ts';
import { startWireProxy } from './wire-proxy.ts';

const leaseMilliseconds = 2_000;
const userIds = ['ada', 'bob'];

let fresh: FreshDatabase;
let build: BuildId;

const begin = async (): Promise<void> => {
  fresh = freshDatabase();
  build = await opened.createBuild(fresh.url);
};
beforeEach(begin);
afterEach(() => fresh.drop());

const open = (holder: string) => opened.openWriter(fresh.url, build, { holder, leaseMilliseconds });

/** At each command in turn: it is held back, another takes over and goes on, and then the command comes through. */
test('one who is paused while taking over changes nothing that is seen, whatever command comes through late', {
  timeout: 240_000,
}, async () => {
  let heldCommands = 0;
  for (let at = 0; await pauseAtCommand(at); at += 1) heldCommands += 1;
  // Looking for terms, taking one, forgetting old ones, and the build itself.
  expect(heldCommands).toBeGreaterThan(4);
});

/** False where taking over has fewer commands. */
async function pauseAtCommand(at: number): Promise<boolean> {
  const history = new History().create('g', 'Group', userIds).send('g', 'ada', 'first word');
  const first = await open('first');
  await history.apply(first);
  await first.close();
  const proxy = await startWireProxy(fresh.url);
  const pause = pauseAt(proxy, at, () => true);
  const abort = new AbortController();
  const stale = { holder: 'stale', signal: abort.signal, leaseMilliseconds };
  const opening = opened.openWriter(proxy.url, build, stale).then(
    (writer) => writer.close(),
    () => {},
  );
  const isPaused = await Promise.race([pause.reached.then(() => true), opening.then(() => false)]);
  if (isPaused) {
    const next = await open('next');
    await history.mark('g', 'bob', 1).edit('g', 1, 'edited word').apply(next);
    const readModels = await opened.openReadModels(fresh.url, build);
    const before = await shown(readModels, 'g', userIds);
    pause.release();
    // Whatever it still does, it does not become the writer while another is.
    await history.send('g', 'bob', 'second word').apply(next);
    await history.delete('g', 2).apply(next);
    abort.abort();
    await opening;
    expect(await next.checkpoint()).toMatchObject({ position: history.position });
    const after = await shown(readModels, 'g', userIds);
    expect(after).not.toEqual(before);
    await Promise.all([next.close(), readModels.close()]);
    expect(after).toMatchObject({ group: { lastSeq: 2 }, timeline: [{ text: 'edited word' }, { text: null }] });
  }
  await proxy.close();
  await fresh.drop();
  await begin();
  return isPaused;
}
