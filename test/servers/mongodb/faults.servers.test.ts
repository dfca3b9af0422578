import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest';
import type { BuildId } from '../../../src/ports/read-model-builds.ts';
import { ReadModelsUnavailable } from '../../../src/ports/read-model-faults.ts';
import type { ReadModels } from '../../../src/ports/read-models.ts';
import type { Change } from '../../../src/projections/changes.ts';
import type { ProjectedWriter } from '../../contract/projected-writer.ts';
import { History } from '../../contract/read-models-history.ts';
import { startMortalMongo } from '../mortal-mongo.ts';
import { type FreshDatabase, freshDatabase } from './fresh-database.ts';
import { createBuild, openBuilds, openReadModels, openWriter } from './open-build.ts';
import { shown } from './shown.ts';
import { type Fate, isWrite, startWireProxy, type WireProxy } from './wire-proxy.ts';

const userIds = ['ada', 'bob', 'cyd', 'dan'];

/** The driver repeats a write once on a replica set, and so hides the cut that is looked at here. */
function withoutRetries(url: string): string {
  const parsed = new URL(url);
  parsed.searchParams.set('retryWrites', 'false');
  return String(parsed);
}

/** The same server, of which nobody waits longer than so many milliseconds for an answer. */
function impatient(url: string, milliseconds: number): string {
  const parsed = new URL(url);
  parsed.searchParams.set('socketTimeoutMS', String(milliseconds));
  return String(parsed);
}

/** A batch that touches every collection, and what went before it. */
function twoBatches(): { first: Batch; second: Batch } {
  const history = new History().create('g', 'Group', ['ada', 'bob', 'cyd']).send('g', 'ada', 'first word');
  history
    .send('g', 'bob', 'second word', { mentions: ['ada'] })
    .react('g', 1, 'bob', '👍')
    .mark('g', 'cyd', 1);
  const first = { changes: history.changes, position: history.position };
  history.changes = [];
  history.edit('g', 1, 'edited word').delete('g', 2).react('g', 1, 'cyd', '👍').unreact('g', 1, 'bob', '👍');
  history.send('g', 'cyd', 'third word', { mentions: ['bob'], mentionsAll: true }).mark('g', 'bob', 3);
  history.leave('g', 'cyd').join('g', 'dan').renameGroup('g', 'Renamed').setRole('g', 'ada', 'owner');
  return { first, second: { changes: history.changes, position: history.position } };
}

interface Batch {
  readonly changes: readonly Change[];
  readonly position: number;
}

describe('a writer whose connection is cut', () => {
  let fresh: FreshDatabase;
  let proxy: WireProxy;
  let build: BuildId;
  let writer: ProjectedWriter;
  let readModels: ReadModels;

  beforeEach(async () => {
    fresh = freshDatabase();
    proxy = await startWireProxy(fresh.url);
    build = await createBuild(fresh.url);
    writer = await openWriter(withoutRetries(proxy.url), build);
    readModels = await openReadModels(fresh.url, build);
  });
  afterEach(async () => {
    proxy.decide = () => 'through';
    await Promise.all([writer.close(), readModels.close()]);
    await proxy.close();
    await fresh.drop();
  });

  /** Cuts at the n-th write from now on, and not again. */
  function cutAt(wanted: number, fate: Fate, onCut = () => {}): void {
    let writes = 0;
    proxy.decide = (command) => {
      if (command.collection === 'projector_leases' || !isWrite(command)) return 'through';
      writes += 1;
      if (writes - 1 !== wanted) return 'through';
      onCut();
      return fate;
    };
  }

  test.for(['cut before', 'cut after'] as const)(
    'shows nothing of half a batch, and all of it once it is applied again (%s)',
    { timeout: 120_000 },
    async (fate) => {
      const { first, second } = twoBatches();
      await writer.apply(first.changes, first.position);
      const before = await shown(readModels, 'g', userIds);
      // How many writes a batch is, and what it shows, told by read models of their own.
      const other = freshDatabase();
      const otherBuild = await createBuild(other.url);
      const otherWriter = await openWriter(other.url, otherBuild);
      const otherReadModels = await openReadModels(other.url, otherBuild);
      await otherWriter.apply(first.changes, first.position);
      await otherWriter.apply(second.changes, second.position);
      const after = await shown(otherReadModels, 'g', userIds);
      await Promise.all([otherWriter.close(), otherReadModels.close()]);
      await other.drop();

      let at = 0;
      let failures = 0;
      for (let isCut = true; isCut; at += 1) {
        cutAt(at, fate);
        isCut = await writer.apply(second.changes, second.position).then(
          () => false,
          (error: unknown) => {
            expect(error).toBeInstanceOf(ReadModelsUnavailable);
            return true;
          },
        );
        if (isCut) failures += 1;
        const now = await shown(readModels, 'g', userIds);
        // Once the group is committed all of it is shown, though the checkpoint may not be there yet.
        if (!isDeepStrictEqual(now, before)) expect(now, `cut at ${at}`).toEqual(after);
        if (!isCut) expect(now).toEqual(after);
      }
      // Claims, documents of every kind, the commit and the checkpoint.
      expect(failures).toBeGreaterThan(8);
      expect(await writer.checkpoint()).toMatchObject({ position: second.position });
    },
  );

  test('shows each write once where the driver sends it again because its answer was lost', {
    timeout: 120_000,
  }, async () => {
    await writer.close();
    writer = await openWriter(proxy.url, build);
    const clean = freshDatabase();
    const cleanBuild = await createBuild(clean.url);
    const cleanWriter = await openWriter(clean.url, cleanBuild);
    const cleanReadModels = await openReadModels(clean.url, cleanBuild);
    const history = new History();
    let cuts = 0;
    let failures = 0;
    for (let isCut = true; isCut; ) {
      const groupId = `g-${cuts}`;
      history.create(groupId, 'Group', ['ada', 'bob']).send(groupId, 'ada', 'first word', { mentions: ['bob'] });
      history.mark(groupId, 'bob', 1).react(groupId, 1, 'bob', '👍').edit(groupId, 1, 'edited word');
      const { changes, position } = history;
      isCut = false;
      cutAt(cuts, 'cut after', () => {
        isCut = true;
      });
      await writer.apply(changes, position).catch(async (error: unknown) => {
        expect(error).toBeInstanceOf(ReadModelsUnavailable);
        failures += 1;
        await writer.apply(changes, position);
      });
      await history.apply(cleanWriter);
      expect(await shown(readModels, groupId, userIds)).toEqual(await shown(cleanReadModels, groupId, userIds));
      if (isCut) cuts += 1;
    }
    await Promise.all([cleanWriter.close(), cleanReadModels.close()]);
    await clean.drop();
    expect(cuts).toBeGreaterThan(8);
    // Without repetitions each cut is a failure; with them only the cut of a write that changes several by one filter.
    if (inject('mongoKind') === 'ferretdb') expect(failures).toBe(cuts);
    if (inject('mongoKind') === 'secantusdb') expect(failures).toBeLessThan(3);
  });

  test('erases the text of what was deleted or edited, also when it is cut before that', async () => {
    const history = new History().create('g', 'Group', ['ada']).send('g', 'ada', 'secret').send('g', 'ada', 'secret');
    await history.apply(writer);
    history.delete('g', 1).edit('g', 2, 'open');
    const { changes, position } = history;
    proxy.decide = ({ name, body }) =>
      name === 'update' && JSON.stringify(body).includes('previous.text') ? 'cut before' : 'through';
    await expect(writer.apply(changes, position)).rejects.toThrow(ReadModelsUnavailable);
    proxy.decide = () => 'through';
    await writer.apply(changes, position);
    const documents = await fresh.database.collection(`${build}_timeline`).find().toArray();
    expect(JSON.stringify(documents)).not.toMatch(/secret/);
    expect(await readModels.timelinePage('g', { fromSeq: 1, toSeq: 2, limit: 2, last: false })).toMatchObject([
      { text: null },
      { text: 'open' },
    ]);
    expect(await readModels.search(['g'], 'open', undefined, 9)).toHaveLength(1);
  });
});

describe('a server that is not there', () => {
  const nowhere = impatient('mongodb://127.0.0.1:1/', 500);

  test('is unavailable to readers, by name, and opening the builds does not need it', async () => {
    const builds = openBuilds(nowhere);
    await expect(builds.served()).rejects.toThrow(ReadModelsUnavailable);
    await expect(builds.openReadModels('v4-000000000000')).rejects.toThrow(ReadModelsUnavailable);
    await builds.close();
    await builds.close();
    await expect(builds.served()).rejects.toThrow(ReadModelsUnavailable);
  });

  test('keeps a writer waiting until it is told to stop', async () => {
    const abort = new AbortController();
    const told = Promise.withResolvers<string>();
    const opening = openWriter(nowhere, 'v4-000000000000', {
      ...{ signal: abort.signal, onWaiting: told.resolve },
    });
    expect(await told.promise).toMatch(/cannot be used/);
    abort.abort(new Error('told to stop'));
    await expect(opening).rejects.toThrow('told to stop');
  });

  test('is unavailable where it refuses the credentials, and that is said', async () => {
    const url = new URL(process.env['HIGHWATER_MONGODB_URL'] ?? '');
    Object.assign(url, { username: 'nobody', password: 'wrong' });
    const builds = openBuilds(String(url));
    const failure = await builds.served().catch((error: unknown) => error);
    await builds.close();
    expect(failure).toBeInstanceOf(ReadModelsUnavailable);
    expect(String(failure)).toMatch(/refuses the credentials/);
  });

  test('may be killed within and between batches, and nothing is missing once it is back', {
    timeout: 120_000,
  }, async () => {
    const mongo = await startMortalMongo();
    const database = new URL(mongo.url);
    database.pathname = `/highwater-killed-${randomUUID().slice(0, 8)}`;
    const proxy = await startWireProxy(impatient(String(database), 2_000));
    const build = await createBuild(proxy.url);
    const writer = await openWriter(proxy.url, build, { leaseMilliseconds: 60_000 });
    const readModels = await openReadModels(proxy.url, build);
    const { first, second } = twoBatches();
    await writer.apply(first.changes, first.position);
    proxy.decide = async (command): Promise<Fate> => {
      if (command.name === 'insert' && command.collection === 'timeline') await mongo.kill();
      return 'through';
    };
    await expect(writer.apply(second.changes, second.position)).rejects.toThrow(ReadModelsUnavailable);
    await expect(readModels.groups(['g'])).rejects.toThrow(ReadModelsUnavailable);
    proxy.decide = () => 'through';
    await mongo.restart();
    expect(await readModels.groups(['g'])).toMatchObject([{ name: 'Group', lastSeq: 2 }]);
    await writer.apply(second.changes, second.position);
    expect(await readModels.groups(['g'])).toMatchObject([{ name: 'Renamed', lastSeq: 3 }]);
    expect(await readModels.membersPage('g', { limit: 9 })).toHaveLength(3);
    await Promise.all([writer.close(), readModels.close()]);
    await proxy.close();
    await mongo.stop();
  });
});
