import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { BuildId } from '../../../src/ports/read-model-builds.ts';
import { LeaseLost } from '../../../src/ports/read-model-faults.ts';
import type { ReadModels } from '../../../src/ports/read-models.ts';
import type { ProjectedWriter } from '../../contract/projected-writer.ts';
import { History } from '../../contract/read-models-history.ts';
import { type FreshDatabase, freshDatabase } from './fresh-database.ts';
import * as opened from './open-build.ts';
import { pauseAt } from './pause-at.ts';
import { shown } from './shown.ts';
import { type Fate, startWireProxy, type WireProxy } from './wire-proxy.ts';

const leaseMilliseconds = 2_000;
const userIds = ['ada', 'bob', 'cyd'];

let fresh: FreshDatabase;
let build: BuildId;
let closing: (() => Promise<void>)[] = [];

const begin = async (): Promise<void> => {
  fresh = freshDatabase();
  build = await opened.createBuild(fresh.url);
};
beforeEach(begin);
afterEach(async () => {
  for (const close of closing.reverse()) await close();
  closing = [];
  await fresh.drop();
});

/** Resolves once it is the one writer. */
async function open(holder: string, url = fresh.url, onWaiting?: (reason: string) => void): Promise<ProjectedWriter> {
  const writer = await opened.openWriter(url, build, { holder, leaseMilliseconds, onWaiting });
  closing.push(() => writer.close());
  return writer;
}

async function openReaders(): Promise<ReadModels> {
  const readModels = await opened.openReadModels(fresh.url, build);
  closing.push(() => readModels.close());
  return readModels;
}

const positionOf = async (writer: ProjectedWriter) => (await writer.checkpoint()).position;

async function openProxy(): Promise<WireProxy> {
  const proxy = await startWireProxy(fresh.url);
  closing.push(() => proxy.close());
  return proxy;
}

describe('the lease of the projector', () => {
  test('is one process’s, and the next one begins when it is released', async () => {
    const first = await open('first');
    const waiting = Promise.withResolvers<string>();
    let isSecondOpen = false;
    const opening = open('second', fresh.url, waiting.resolve).then((writer) => {
      isSecondOpen = true;
      return writer;
    });
    expect(await waiting.promise).toBe('first projects');
    await first.apply([], 5);
    expect(isSecondOpen).toBe(false);
    await first.close();
    const second = await opening;
    expect(await positionOf(second)).toBe(5);
    await second.apply([], 6);
    await expect(first.apply([], 7)).rejects.toThrow(LeaseLost);
    expect(await positionOf(second)).toBe(6);
  });

  test('is kept for longer than it lasts as long as its holder is there', async () => {
    const first = await open('first');
    const abort = new AbortController();
    const opening = opened.openWriter(fresh.url, build, { holder: 'second', signal: abort.signal, leaseMilliseconds });
    const end = performance.now() + 3 * leaseMilliseconds;
    for (let position = 1; performance.now() < end; position += 1) await first.apply([], position);
    abort.abort(new Error('enough'));
    await expect(opening).rejects.toThrow('enough');
  });

  test('is taken over from one who gives no sign any more, not before it has run out', {
    timeout: 30_000,
  }, async () => {
    const proxy = await openProxy();
    const first = await open('first', proxy.url);
    await first.apply([], 5);
    const begun = performance.now();
    const { hold, release } = holdAll(proxy);
    hold();
    const second = await open('second');
    expect(performance.now() - begun).toBeGreaterThan(leaseMilliseconds);
    await second.apply([], 6);
    release();
    await expect(first.apply([], 7)).rejects.toThrow(LeaseLost);
    await expect(first.storeReadCounts([{ groupId: 'g', position: 7, ranges: [] }])).rejects.toThrow(LeaseLost);
    expect(await positionOf(second)).toBe(6);
  });

  test('goes to one of several who wait, with a token that grows', async () => {
    const held: string[] = [];
    const names = ['a', 'b', 'c', 'd'];
    await Promise.all(
      names.map(async (name) => {
        const writer = await open(name);
        held.push(name);
        const others = held.length;
        await writer.apply([], others);
        // Nobody else came meanwhile.
        expect(held).toHaveLength(others);
        await writer.close();
      }),
    );
    expect(held.toSorted()).toEqual(names);
    const terms = await fresh.database.collection('projector_leases').find().sort({ token: 1 }).toArray();
    expect(terms.map(({ token }) => token)).toEqual([1, 2, 3, 4]);
    expect(await fresh.database.collection('checkpoints').findOne({ kind: 'build' })).toMatchObject({
      position: 4,
      token: 4,
      batch: 4,
    });
  });

  test('takes no checkpoint back to that of an earlier holder', async () => {
    const proxy = await openProxy();
    const stale = await open('stale', proxy.url);
    await stale.apply([], 5);
    // The first write of a batch takes its number, the second and last is the checkpoint.
    const pause = pauseAt(proxy, 1);
    const applying = stale.apply([], 6);
    const refused = expect(applying).rejects.toThrow(LeaseLost);
    await pause.reached;
    const next = await open('next');
    pause.release();
    await refused;
    expect(await positionOf(next)).toBe(5);
    await next.apply([], 7);
    expect(await positionOf(next)).toBe(7);
  });

  test('is lost with the read models that somebody else has thrown away', async () => {
    const writer = await open('first');
    await fresh.database.collection('checkpoints').deleteMany({});
    await expect(writer.apply([], 5)).rejects.toThrow(LeaseLost);
  });
});

/** Holds everything on its way to the server until it is released, as a paused process would. */
function holdAll(proxy: WireProxy): { hold(): void; release(): void } {
  const released = Promise.withResolvers<Fate>();
  return {
    hold() {
      proxy.decide = () => released.promise;
    },
    release() {
      released.resolve('through');
      proxy.decide = () => 'through';
    },
  };
}

describe('a holder that is paused in the middle of a batch', () => {
  /**
   * At each write of the batch in turn: the write is held back, another takes over and goes on from the checkpoint, and
   * then the write comes through after all.
   */
  test('writes nothing that is seen, whatever write comes through late', { timeout: 240_000 }, async () => {
    let heldWrites = 0;
    for (let at = 0; await pauseAtWrite(at); at += 1) heldWrites += 1;
    expect(heldWrites).toBeGreaterThan(8);
  });

  /** False where the batch has fewer writes. */
  async function pauseAtWrite(at: number): Promise<boolean> {
    const history = new History().create('g', 'Group', userIds).send('g', 'ada', 'first word').mark('g', 'bob', 1);
    const first = { changes: history.changes, position: history.position };
    history.changes = [];
    history.send('g', 'bob', 'second word', { mentionsAll: true }).mark('g', 'cyd', 2).edit('g', 1, 'edited word');
    history.react('g', 1, 'cyd', '👍').leave('g', 'cyd').delete('g', 2).renameGroup('g', 'Renamed');
    const second = { changes: history.changes, position: history.position };
    history.changes = [];
    history.join('g', 'cyd').mark('g', 'ada', 2).edit('g', 1, 'newest word').unreact('g', 1, 'cyd', '👍');
    const third = { changes: history.changes, position: history.position };

    const proxy = await openProxy();
    const stale = await open('stale', proxy.url);
    await stale.apply(first.changes, first.position);
    const pause = pauseAt(proxy, at);
    const applying = stale.apply(second.changes, second.position).then(
      () => 'applied',
      (error: unknown) => error,
    );
    const isPaused = await Promise.race([pause.reached.then(() => true), applying.then(() => false)]);
    if (isPaused) {
      const next = await open('next');
      // Not the whole of what was under way at first, and then all of it and more.
      const begun = second.changes.filter(({ position }) => position <= first.position + 8);
      await next.apply(begun, begun.at(-1)?.position ?? first.position);
      const readModels = await openReaders();
      const afterBegun = await shown(readModels, 'g', userIds);
      pause.release();
      expect(await applying).toBeInstanceOf(LeaseLost);
      expect(await shown(readModels, 'g', userIds)).toEqual(afterBegun);
      await next.apply(second.changes, second.position);
      await next.apply(third.changes, third.position);
      expect(await shown(readModels, 'g', userIds)).toEqual(await shownAlone([first, second, third]));
      expect(await positionOf(next)).toBe(third.position);
    }
    for (const close of closing.reverse()) await close();
    closing = [];
    await fresh.drop();
    await begin();
    return isPaused;
  }

  async function shownAlone(batches: readonly { changes: History['changes']; position: number }[]): Promise<unknown> {
    const alone = freshDatabase();
    const ofAlone = await opened.createBuild(alone.url);
    const writer = await opened.openWriter(alone.url, ofAlone);
    const readModels = await opened.openReadModels(alone.url, ofAlone);
    for (const { changes, position } of batches) await writer.apply(changes, position);
    const result = await shown(readModels, 'g', userIds);
    await Promise.all([writer.close(), readModels.close()]);
    await alone.drop();
    return result;
  }
});
