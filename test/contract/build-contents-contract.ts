import { expect, test } from 'vitest';
import { BuildGone, type BuildId, GroupMovedOn, type ReadModelBuilds } from '../../src/ports/read-model-builds.ts';
import { groupsOfOne, never } from './builds-samples.ts';
import { projectedWriter } from './projected-writer.ts';
import type { BuildsFixture } from './read-model-builds-contract.ts';
import { History } from './read-models-history.ts';

/** Something of every kind, in two groups. */
function story(): History {
  const history = new History().create('g', 'Group', ['ada', 'bob', 'cyd']).create('h', 'Other', ['ada', 'bob']);
  history.by({ actorId: 'ada', commandId: 'c-1', digest: 'digest' });
  history.send('g', 'ada', 'one', { mentions: ['bob', 'cyd'] }).send('g', 'bob', 'two', { mentionsAll: true });
  history.react('g', 1, 'cyd', '👍').react('g', 1, 'bob', '🎉').unreact('g', 1, 'bob', '🎉').edit('g', 2, 'two again');
  for (let seq = 3; seq <= 12; seq += 1) history.send('g', 'cyd', `message ${seq}`);
  history.by({ actorId: 'bob', commandId: 'c-2', digest: 'digest', continues: true });
  history.delete('g', 4).mark('g', 'bob', 2).mark('g', 'bob', 11).leave('g', 'cyd').mark('g', 'cyd', 3);
  return history.send('h', 'ada', 'elsewhere', { mentions: ['bob'] }).mark('h', 'bob', 1);
}

/** A build in which this has happened, in so many batches. */
async function builtIn(builds: ReadModelBuilds, { changes, position }: History, batches: number): Promise<BuildId> {
  const id = await builds.create();
  const writer = await builds.openWriter(id, never);
  const rows = projectedWriter(writer);
  for (let batch = 1; batch <= batches; batch += 1) {
    const [from, to] = [(position * (batch - 1)) / batches, (position * batch) / batches];
    await rows.apply(
      changes.filter((change) => change.position > from - Number(batch === 1) && change.position <= to),
      Math.floor(to),
    );
  }
  await writer.close();
  return id;
}

async function contentsOf(builds: ReadModelBuilds, id: BuildId, groupId: string) {
  const contents = await builds.openContents(id);
  const group = await contents.group(groupId);
  const rows = group === undefined ? [] : await Array.fromAsync(group.rows());
  await contents.close();
  return { group: group?.group, rows };
}

export function contentsContract(fixture: BuildsFixture): void {
  test('two builds that hold the same give the same rows in the same order, however they came to be', async () => {
    const { builds, others } = fixture;
    const [one, two] = [await builtIn(builds, story(), 1), await builtIn(builds, story(), 7)];
    for (const groupId of ['g', 'h']) {
      const contents = await contentsOf(builds, one, groupId);
      expect(await contentsOf(others, two, groupId)).toEqual(contents);
      expect(JSON.stringify(await contentsOf(builds, two, groupId))).toBe(JSON.stringify(contents));
    }
  });

  test('every row of a group is in what it holds, once, by kind and then by key', async () => {
    const { builds } = fixture;
    const { group, rows } = await contentsOf(builds, await builtIn(builds, story(), 3), 'g');
    expect(group).toMatchObject({ groupId: 'g', name: 'Group', lastSeq: 12, memberCount: 2, haltedAt: null });
    const places = rows.map(({ kind, key }) => `${kind} ${key}`);
    expect(places.toSorted()).toEqual(places);
    expect(new Set(places).size).toBe(places.length);
    const counted = Map.groupBy(rows, ({ kind }) => kind);
    expect(Object.fromEntries([...counted].map(([kind, ofKind]) => [kind, ofKind.length]))).toEqual({
      ...{ command: 2, mark: 13, member: 3, mention: 2, mentionOfAll: 1, message: 12, reaction: 2, reactionCounts: 1 },
    });
    expect(rows.find(({ kind }) => kind === 'message')?.row).toMatchObject({
      seq: 1,
      text: 'one',
      mentions: ['bob', 'cyd'],
    });
    expect(rows.find(({ kind }) => kind === 'reactionCounts')?.row).toMatchObject({
      counts: [
        { emoji: '👍', count: 1 },
        { emoji: '🎉', count: 0 },
      ],
    });
    const texts = rows
      .filter(({ kind }) => kind === 'message')
      .map(({ row }) => ('text' in row ? row.text : undefined));
    expect(texts.slice(0, 4)).toEqual(['one', 'two again', 'message 3', null]);
  });

  test('a difference in any row is seen', async () => {
    const { builds } = fixture;
    const id = await builtIn(builds, story(), 1);
    const whole = await contentsOf(builds, id, 'g');
    const others: readonly ((history: History) => History)[] = [
      (history) => history.mark('g', 'ada', 12),
      (history) => history.react('g', 1, 'ada', '👍'),
      (history) => history.edit('g', 9, 'otherwise'),
      (history) => history.renameMember('g', 'bob', 'Robert'),
      (history) => history.renameGroup('g', 'Renamed'),
      (history) => history.by({ actorId: 'ada', commandId: 'c-9', digest: 'nine' }).renameGroup('g', 'Group'),
      (history) => history.send('g', 'ada', 'more', { mentions: ['bob'] }),
    ];
    for (const other of others) {
      const different = await builtIn(builds, other(story()), 1);
      expect(await contentsOf(builds, different, 'g')).not.toEqual(whole);
    }
  });

  test('groups come in pages by id, and one without rows holds nothing', async () => {
    const { builds } = fixture;
    const groupIds = ['b', 'a', 'ö', '😀', '\u{ff5e}', 'Z'];
    const id = await builds.create();
    const writer = await builds.openWriter(id, never);
    await writer.loadGroups(groupIds);
    await writer.commit(groupsOfOne(groupIds, 5), { position: 5, event: undefined });
    await writer.close();
    const contents = await builds.openContents(id);
    const pages: string[] = [];
    for (
      let page = await contents.groupIds(undefined, 4);
      page.length > 0;
      page = await contents.groupIds(page.at(-1), 4)
    ) {
      expect(page.length).toBeLessThanOrEqual(4);
      pages.push(...page);
    }
    expect(pages).toEqual(groupIds.toSorted());
    expect(await contents.group('nobody')).toBeUndefined();
    expect((await contents.group('a'))?.group.groupId).toBe('a');
    await contents.close();
  });

  test('what a group holds is that of one moment, though its writer goes on', async () => {
    const { builds, others } = fixture;
    const history = story();
    const id = await builds.create();
    const writer = projectedWriter(await builds.openWriter(id, never));
    await history.apply(writer);
    const before = await contentsOf(others, id, 'g');
    const contents = await others.openContents(id);
    const group = await contents.group('g');
    await history.send('g', 'ada', 'later').edit('g', 1, 'changed').mark('g', 'bob', 12).apply(writer);
    expect(group?.group).toEqual(before.group);
    // Or the store says that it no longer knows.
    const rows = await Array.fromAsync(group?.rows() ?? []).catch((error: unknown) => error);
    if (!(rows instanceof GroupMovedOn)) expect(rows).toEqual(before.rows);
    expect((await contents.group('g'))?.group.lastSeq).toBe(13);
    await contents.close();
    await writer.close();
  });

  test('a build that is gone holds nothing', async () => {
    const { builds } = fixture;
    const id = await builds.create();
    await builds.discard(id);
    await expect(builds.openContents(id)).rejects.toThrow(BuildGone);
  });
}
