import { expect, test } from 'vitest';
import { BuildGone } from '../../src/ports/read-model-builds.ts';
import { LeaseLost } from '../../src/ports/read-model-faults.ts';
import { checkpointAt, fill, filled, groupsOfOne, never } from './builds-samples.ts';
import type { BuildsFixture } from './read-model-builds-contract.ts';

export function writingContract(fixture: BuildsFixture): void {
  test('the second writer of a build waits for the first', async () => {
    const { builds, others } = fixture;
    const id = await builds.create();
    const first = await builds.openWriter(id, never);
    let hasSecond = false;
    const second = others.openWriter(id, never).then((writer) => {
      hasSecond = true;
      return writer;
    });
    await fill(first, 3, 'g');
    expect(hasSecond).toBe(false);
    await fill(first, 4, 'h');
    await first.close();
    const writer = await second;
    expect(await writer.checkpoint()).toEqual(checkpointAt(4));
    expect((await writer.loadGroups(['g', 'h'])).map(({ groupId }) => groupId).toSorted()).toEqual(['g', 'h']);
    await writer.close();
  });

  test('who no longer wants to wait for a build says so, and is told why it ended', async () => {
    const { builds, others } = fixture;
    const id = await builds.create();
    const first = await builds.openWriter(id, never);
    const abort = new AbortController();
    const second = others.openWriter(id, abort.signal);
    const reason = new Error('no longer wanted');
    abort.abort(reason);
    await expect(second).rejects.toBe(reason);
    await expect(others.openWriter(id, AbortSignal.abort(reason))).rejects.toBe(reason);
    await first.close();
  });

  test('two builds are written side by side, and neither shows in the other', async () => {
    const { builds, others } = fixture;
    const [one, two] = [await builds.create(), await builds.create()];
    const [first, second] = [await builds.openWriter(one, never), await others.openWriter(two, never)];
    await Promise.all([fill(first, 3, 'g'), fill(second, 4, 'h')]);
    expect((await first.loadGroups(['g', 'h'])).map(({ groupId }) => groupId)).toEqual(['g']);
    expect((await second.loadGroups(['g', 'h'])).map(({ groupId }) => groupId)).toEqual(['h']);
    await Promise.all([first.close(), second.close()]);
  });

  test('who writes a build that was discarded beneath them has lost it, and harms no other', async () => {
    const { builds, others } = fixture;
    const [kept, discarded] = [await filled(builds, 3, 'g'), await builds.create()];
    const writer = await builds.openWriter(discarded, never);
    await fill(writer, 4, 'h');
    await others.discard(discarded);
    await expect(writer.commit(groupsOfOne(['i'], 5), checkpointAt(5))).rejects.toThrow(LeaseLost);
    await expect(writer.commit([], checkpointAt(6))).rejects.toThrow(LeaseLost);
    await writer.close();
    expect((await builds.list()).map(({ id, checkpoint }) => [id, checkpoint.position])).toEqual([[kept, 3]]);
    await expect(builds.openReadModels(discarded)).rejects.toThrow(BuildGone);
  });
}
