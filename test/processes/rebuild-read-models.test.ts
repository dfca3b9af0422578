import { beforeEach, describe, expect, test, vi } from 'vitest';
import { groupStream } from '../../src/events/stream-name.ts';
import type { BuildId } from '../../src/ports/read-model-builds.ts';
import type { RebuildProgress } from '../../src/processes/rebuild-progress.ts';
import { RebuildRefused } from '../../src/processes/rebuild-read-models.ts';
import { betweenCalls } from '../fakes/between-calls.ts';
import { createInMemoryEventLog } from '../fakes/in-memory-event-log.ts';
import { markIn, renamed } from '../projections/projection-under-test.ts';
import { appendTo } from '../projections/recorded-events.ts';
import { never, type RebuildStage, rebuildStage, stageOn } from './rebuild-stage.ts';

let stage: RebuildStage;

beforeEach(async () => {
  stage = await rebuildStage();
});

describe('a rebuild', () => {
  test('fills a build, finds it equal, and serves it; the one before is kept, those before that are discarded', async () => {
    const first = await stage.rebuild();
    expect(first).toMatchObject({
      outcome: 'switched',
      before: stage.served,
      events: stage.log.all.length,
      discarded: [],
    });
    expect(first.comparison).toMatchObject({ groups: 3, differences: [], rows: { group: 3, message: 120 } });
    expect(await stage.builds.served()).toBe(first.build);
    expect(stage.rowsOf(first.build)).toEqual(stage.rowsOf(stage.served));
    const second = await stage.rebuild();
    expect(second).toMatchObject({ before: first.build, discarded: [stage.served] });
    expect(await stage.ids()).toEqual([first.build, second.build]);
  });

  test('that is to keep everything does', async () => {
    const first = await stage.rebuild({ keep: true });
    const second = await stage.rebuild({ keep: true });
    expect(await stage.ids()).toEqual([stage.served, first.build, second.build]);
  });

  test('for a look switches nothing and leaves nothing', async () => {
    expect(await stage.rebuild({ dryRun: true })).toMatchObject({
      outcome: 'compared',
      comparison: { groups: 3, differences: [] },
    });
    expect(await stage.ids()).toEqual([stage.served]);
    expect(await stage.builds.served()).toBe(stage.served);
  });

  test('tells how far it is, and ends at the end', async () => {
    const told: RebuildProgress[] = [];
    await stage.rebuild({ onProgress: (progress) => told.push(progress) });
    const filling = told.filter((one) => one.phase === 'filling');
    expect(filling.at(-1)).toMatchObject({ events: stage.log.all.length, reached: stage.log.all.at(-1)?.position });
    expect(told.at(-1)).toMatchObject({ phase: 'comparing', groups: 3 });
  });

  test('of an empty log ends too', async () => {
    const { rebuild } = stageOn(createInMemoryEventLog());
    expect(await rebuild()).toMatchObject({ outcome: 'switched', before: undefined, events: 0 });
    expect(await rebuild()).toMatchObject({ outcome: 'switched', comparison: { groups: 0, differences: [] } });
  });

  test('where nothing of this version was served yet serves the first one, and leaves other versions alone', async () => {
    const newer = stage.store.of(2);
    const result = await stage.rebuild({ builds: newer });
    expect(result).toMatchObject({ outcome: 'switched', before: undefined, comparison: undefined });
    expect(await newer.served()).toBe(result.build);
    expect(await stage.builds.served()).toBe(stage.served);
    await stage.rebuild({ builds: newer });
    await stage.rebuild({ builds: newer });
    expect(await stage.builds.served()).toBe(stage.served);
  });

  test('finds what differs, switches nothing, and leaves nothing; or the build, where it is to keep everything', async () => {
    const { members } = stage.store.rows(stage.served).groups.get('h') ?? expect.fail();
    members.delete('ada');
    const result = await stage.rebuild();
    expect(result.outcome).toBe('different');
    expect(result.comparison?.differences).toMatchObject([
      { groupId: 'h', kind: 'member', key: 'ada', before: 'missing' },
    ]);
    expect(await stage.builds.served()).toBe(stage.served);
    expect(await stage.ids()).toEqual([stage.served]);
    const kept = await stage.rebuild({ keep: true });
    expect(await stage.ids()).toEqual([stage.served, kept.build]);
  });

  test('brings the served build up to the log where nobody else does', async () => {
    await appendTo(stage.log, groupStream('g'), renamed);
    expect(await stage.rebuild()).toMatchObject({ outcome: 'switched', comparison: { groups: 3, differences: [] } });
  });

  test('that finds another build served meanwhile switches nothing', async () => {
    let other: BuildId | undefined;
    const hurried = betweenCalls(stage.builds, async (call) => {
      if (call !== 'serve') return;
      other = await stage.filled();
      await stage.builds.serve(stage.served, other);
    });
    expect(await stage.rebuild({ builds: hurried })).toMatchObject({ outcome: 'overtaken' });
    expect(await stage.builds.served()).toBe(other);
    expect(await stage.ids()).toEqual([stage.served, other]);
  });
});

describe('a rebuild while others write and project', () => {
  test('is switched to with all of it, and the projector goes on with the new build', async () => {
    stage.startProjector();
    let stopped = false;
    const writing = (async () => {
      for (let index = 1; !stopped; index += 1) {
        await appendTo(stage.log, groupStream(`w-${index % 5}`), renamed);
        await new Promise(setImmediate);
      }
    })();
    const result = await stage.rebuild().finally(() => {
      stopped = true;
    });
    await writing;
    expect(result).toMatchObject({ outcome: 'switched', comparison: { differences: [] } });
    await markIn(stage.log, 'g', 35);
    await vi.waitFor(async () =>
      expect(stage.store.rows(result.build).checkpoint.position).toBe(await stage.log.endPosition()),
    );
    const control = await stage.filled();
    expect(stage.rowsOf(result.build)).toEqual(stage.rowsOf(control));
  });
});

describe('two rebuilds', () => {
  test('at once: the second is refused in a sentence, and the first goes on', async () => {
    const results = await Promise.allSettled([stage.rebuild(), stage.rebuild(), stage.rebuild()]);
    const refused = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
    expect(refused).toHaveLength(2);
    for (const reason of refused) {
      expect(reason).toBeInstanceOf(RebuildRefused);
      expect(String(reason)).toMatch(/another build is being filled: build-\d+, begun at 2026/);
    }
    const switched = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    expect(switched).toMatchObject([{ outcome: 'switched' }]);
    expect(await stage.ids()).toEqual([stage.served, switched[0]?.build]);
  });

  test('one under way refuses another one', async () => {
    const id = await stage.builds.create();
    const writer = await stage.builds.openWriter(id, never);
    await expect(stage.rebuild()).rejects.toThrow(RebuildRefused);
    expect(await stage.ids()).toEqual([stage.served, id]);
    await writer.close();
  });

  test('one that has only just made its build, and does not write yet, refuses another one', async () => {
    const made = await stage.builds.create();
    const justNow = new Date().toISOString();
    const list = async () =>
      (await stage.builds.list()).map((build) => (build.id === made ? { ...build, createdAt: justNow } : build));
    await expect(stage.rebuild({ builds: { ...stage.builds, list } })).rejects.toThrow(RebuildRefused);
    expect(await stage.ids()).toEqual([stage.served, made]);
  });

  test('what nobody fills any more is discarded first, and told', async () => {
    const left = await stage.builds.create();
    const onNotice = vi.fn();
    const { build } = await stage.rebuild({ onNotice });
    expect(await stage.ids()).toEqual([stage.served, build]);
    expect(onNotice).toHaveBeenCalledWith(`build ${left}, which was never finished, is discarded`);
  });
});
