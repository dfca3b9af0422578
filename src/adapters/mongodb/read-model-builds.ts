import { randomUUID } from 'node:crypto';
import { MongoServerError } from 'mongodb';
import { startOfLog } from '../../ports/event-log.ts';
import {
  type Build,
  BuildGone,
  type BuildId,
  BuildInUse,
  type ReadModelBuilds,
} from '../../ports/read-model-builds.ts';
import { makeCollections } from './build-collections.ts';
import { createBuildContents } from './build-contents.ts';
import { openBuildWriter, type WriterOptions } from './build-writer.ts';
import { type ConnectionOptions, connect, connectionTo, isDuplicate, writeMilliseconds } from './connection.ts';
import {
  type BuildDocument,
  buildOfCollection,
  collectionNamesOf,
  readModelSchemaVersion,
  type ServedDocument,
  servedId,
} from './documents.ts';
import { createReadModels } from './read-models.ts';

const namespaceNotFound = 26;

export interface MongoReadModelBuildsOptions extends ConnectionOptions, WriterOptions {}

/**
 * Builds side by side in one database: `checkpoints` has a document for each, with how far it is, and one for each schema
 * version, which says which build is served. Opening needs no server. Throws the driver's MongoParseError for a URL that is
 * none.
 *
 * Several processes may do all of this at once, and each may stand still between any two of its commands:
 *
 * - A build's id is never used again, its collections bear it, and nothing but `discard` drops any. So whoever wakes late
 *   touches the collections of their own build alone, and where that is gone its document is too: they find out by that.
 * - What is served is changed only as it was seen, by the count of changes in its document. Whoever discards a build
 *   first marks it, from when on nobody begins to serve it, and then raises that count, which fails whoever had begun.
 */
export function openMongoReadModelBuilds(options: MongoReadModelBuildsOptions): ReadModelBuilds {
  const { onNotice = () => {} } = options;
  const server = connect(options);
  const { database, run } = server;
  const { builds, served } = server.collections;

  async function create(): Promise<BuildId> {
    await sweep();
    await ensureServed(readModelSchemaVersion);
    const build = `v${readModelSchemaVersion}-${randomUUID().replaceAll('-', '').slice(0, 12)}`;
    const now = new Date();
    const document: BuildDocument = {
      ...{ _id: build, kind: 'build', schemaVersion: readModelSchemaVersion, made: false, discarding: false },
      ...{ position: startOfLog, event: null, token: 0, batch: 0, holder: '', createdAt: now, changedAt: now },
    };
    // Before its collections: whoever finds collections without it may drop them.
    await run(() => builds.insertOne(document), writeMilliseconds);
    await makeCollections(connectionTo(server, build), onNotice);
    return build;
  }

  async function ensureServed(schemaVersion: number): Promise<void> {
    const none: ServedDocument = {
      ...{ _id: servedId(schemaVersion), kind: 'served', build: null, changes: 0, changedAt: new Date() },
    };
    const insert = () =>
      served.insertOne(none).catch((error: unknown) => {
        if (!isDuplicate(error)) throw error;
      });
    if ((await readServed(schemaVersion)) === null) await run(insert, writeMilliseconds);
  }

  const findBuild = (id: BuildId) => run(() => builds.findOne({ _id: id, kind: 'build' }));

  async function thereOf(seen: ServedDocument | null): Promise<BuildId | undefined> {
    const id = seen?.build ?? undefined;
    return id !== undefined && (await findBuild(id)) !== null ? id : undefined;
  }

  const readServed = (schemaVersion: number) => run(() => served.findOne({ _id: servedId(schemaVersion) }));

  /** True where what is served has not changed since it was read, and is now as wanted. */
  async function changeServed({ _id, changes }: ServedDocument, wanted: Partial<ServedDocument>): Promise<boolean> {
    const change = { $set: { ...wanted, changes: changes + 1, changedAt: new Date() } };
    const { matchedCount } = await run(() => served.updateOne({ _id, changes }, change), writeMilliseconds);
    return matchedCount > 0;
  }

  async function serve(current: BuildId | undefined, next: BuildId | undefined): Promise<boolean> {
    await ensureServed(readModelSchemaVersion);
    for (;;) {
      const seen = await readServed(readModelSchemaVersion);
      if (seen === null || (await thereOf(seen)) !== current) return false;
      if (next !== undefined) {
        const found = await run(() => builds.findOne({ _id: next, kind: 'build', discarding: false }));
        if (found?.schemaVersion !== readModelSchemaVersion) return false;
      }
      if (await changeServed(seen, { build: next ?? null })) return true;
    }
  }

  async function discard(id: BuildId): Promise<void> {
    const mark = (discarding: boolean) =>
      run(() => builds.findOneAndUpdate({ _id: id, kind: 'build' }, { $set: { discarding } }), writeMilliseconds);
    const found = await mark(true);
    if (found !== null) {
      await ensureServed(found.schemaVersion);
      for (let isKnown = false; !isKnown; ) {
        const now = await readServed(found.schemaVersion);
        const isServed = now?.build === id;
        if (isServed && found.schemaVersion >= readModelSchemaVersion) {
          await mark(false);
          throw new BuildInUse(`build ${id} is served`);
        }
        isKnown = now === null || (await changeServed(now, isServed ? { build: null } : {}));
      }
      await run(() => builds.deleteOne({ _id: id, kind: 'build' }), writeMilliseconds);
    }
    await sweep();
  }

  /**
   * Drops the collections of builds that are gone, also those that somebody has left behind who did not know it yet. Names
   * come first: what has a collection had its document before, and what has none then never gets another.
   */
  async function sweep(): Promise<void> {
    const collections = await run(() => database.listCollections({}, { nameOnly: true }).toArray());
    const there = new Set((await listBuilds()).map(({ _id }) => _id));
    const gone = new Set(
      collections.flatMap(({ name }) => buildOfCollection(name) ?? []).filter((id) => !there.has(id)),
    );
    const names = new Set(collections.map(({ name }) => name));
    for (const build of gone) {
      for (const name of collectionNamesOf(build)) {
        if (names.has(name)) await run(() => drop(name), writeMilliseconds);
      }
      await run(() => server.collections.leases.deleteMany({ build }), writeMilliseconds);
    }
  }

  /** Another may have dropped it since. */
  const drop = (name: string): Promise<unknown> =>
    database.dropCollection(name).catch((error: unknown) => {
      if (!(error instanceof MongoServerError) || error.code !== namespaceNotFound) throw error;
    });

  const listBuilds = () => run(() => builds.find({ kind: 'build' }).sort({ createdAt: 1, _id: 1 }).toArray());

  async function list(): Promise<readonly Build[]> {
    const found = await listBuilds();
    const shown = await run(() => served.find({ kind: 'served' }).toArray());
    const isServed = new Set(shown.map(({ build }) => build));
    return found.map(({ _id, createdAt, schemaVersion, position, event }) => ({
      ...{ id: _id, createdAt: createdAt.toISOString(), schemaVersion, served: isServed.has(_id) },
      checkpoint: { position, event: event ?? undefined },
    }));
  }

  async function requireThere(id: BuildId): Promise<void> {
    if ((await findBuild(id)) === null) throw new BuildGone(`build ${id} is not there`);
  }

  return {
    schemaVersion: readModelSchemaVersion,
    served: async () => thereOf(await readServed(readModelSchemaVersion)),
    list,
    create,
    serve,
    discard,
    openWriter: (id, signal) => openBuildWriter(id, signal, options),
    async openReadModels(id) {
      await requireThere(id);
      return createReadModels(connectionTo(connect(options), id));
    },
    async openContents(id) {
      await requireThere(id);
      return createBuildContents(connectionTo(connect(options), id));
    },
    close: server.close,
  };
}
