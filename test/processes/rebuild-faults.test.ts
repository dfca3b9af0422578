import { beforeEach, describe, expect, test } from 'vitest';
import { ReadModelsUnavailable } from '../../src/ports/read-model-faults.ts';
import { betweenCalls } from '../fakes/between-calls.ts';
import { type RebuildStage, rebuildStage } from './rebuild-stage.ts';

let stage: RebuildStage;

beforeEach(async () => {
  stage = await rebuildStage();
});

describe('a rebuild that is ended', () => {
  /** How many calls a whole one makes. */
  async function callsOfAll(): Promise<string[]> {
    const calls: string[] = [];
    await stage.rebuild({ builds: betweenCalls(stage.builds, (call) => void calls.push(call)), dryRun: true });
    return calls;
  }

  test('by whoever began it, before any of its calls, leaves nothing and switches nothing', async () => {
    const calls = await callsOfAll();
    expect(calls.length).toBeGreaterThan(12);
    const reason = new Error('interrupted');
    for (const [index, name] of calls.entries()) {
      const abort = new AbortController();
      let count = -1;
      const interrupted = betweenCalls(stage.builds, () => {
        count += 1;
        if (count === index) abort.abort(reason);
      });
      const ended = stage.rebuild({ builds: interrupted, signal: abort.signal, dryRun: true });
      // Told in its last step, it has nothing left to end.
      if (name === 'discard') await ended.catch(() => undefined);
      else await expect(ended, name).rejects.toBe(reason);
      expect(await stage.ids(), `${index}: ${name}`).toEqual([stage.served]);
    }
    expect(await stage.builds.served()).toBe(stage.served);
  });

  test('by any one fault of the store switches nothing, and what it leaves the next one discards', async () => {
    const calls = await callsOfAll();
    for (const index of calls.keys()) {
      let count = -1;
      const failing = betweenCalls(stage.builds, () => {
        count += 1;
        if (count === index) throw new Error('by order of the test');
      });
      await stage.rebuild({ builds: failing }).catch(() => undefined);
      const { build } = await stage.rebuild();
      expect(await stage.ids()).toEqual([expect.any(String), build]);
      expect(await stage.builds.served()).toBe(build);
    }
  });
});

describe('a rebuild whose switch was carried out', () => {
  test.each([
    ['was not told so', () => Promise.reject(new ReadModelsUnavailable('the answer was lost'))],
    ['was told that it had been before, when it asked again', () => Promise.resolve(false)],
  ])('and that %s has switched', async (_, answer) => {
    const { builds } = stage;
    const serve = async (...change: Parameters<typeof builds.serve>) => {
      await builds.serve(...change);
      return answer();
    };
    const { outcome, build } = await stage.rebuild({ builds: { ...builds, serve } });
    expect(outcome).toBe('switched');
    expect(await builds.served()).toBe(build);
  });
});

describe('a rebuild that stands still between any two of its calls', () => {
  test('and loses its build meanwhile touches no other when it wakes: the next one’s stays whole', async () => {
    const control = stage.rowsOf(await stage.filled());
    await stage.builds.discard((await stage.ids()).at(-1) ?? '');
    for (let index = 0, isEnd = false; !isEnd; index += 1) {
      const [stands, wakes] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      let count = -1;
      const paused = betweenCalls(stage.builds, async () => {
        count += 1;
        if (count !== index) return;
        stands.resolve();
        await wakes.promise;
      });
      const before = await stage.ids();
      const sleeper = stage.rebuild({ builds: paused }).catch((error: unknown) => error);
      isEnd = (await Promise.race([stands.promise, sleeper.then(() => 'ended')])) === 'ended';
      // As an operator would, or a lease that has run out.
      const own = (await stage.ids()).filter((id) => !before.includes(id));
      for (const id of own) if ((await stage.builds.served()) !== id) await stage.builds.discard(id);
      const { build, outcome } = await stage.rebuild();
      expect(outcome).toBe('switched');
      wakes.resolve();
      await sleeper;
      // Whoever had begun no build yet makes a whole one; all others find out that theirs is gone.
      if (own.length > 0 && !isEnd) expect(await stage.builds.served(), `call ${index}`).toBe(build);
      for (const id of await stage.ids()) expect(stage.rowsOf(id), `call ${index}, ${id}`).toEqual(control);
    }
  });
});
