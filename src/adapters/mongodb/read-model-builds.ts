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

type Seen = Pick<ServedDocument, 'schemaVersion' | 'build' | 'changes'>;

const namespaceNotFound = 26;

export interface MongoReadModelBuildsOptions extends ConnectionOptions, WriterOptions {}

/**
 * Builds side by side in one database: `checkpoints` has a document for each, with how far it is, and one for each time that
 * another was served, of which the newest of a schema version says which build is. Opening needs no server. Throws the driver's MongoParseError for a URL that is
 * none.
 *
 * Several processes may do all of this at once, and each may stand still between any two of its commands:
 *
 * - A build's id is never used again, its collections bear it, and nothing but `discard` drops any. So whoever wakes late
 *   touches the collections of their own build alone, and where that is gone its document is too: they find out by that.
 * - What is served is changed only as it was seen: a change is a document that bears the next number, and of several who
 *   would insert it one does. None is ever taken away. Whoever discards a build first marks it, from when on nobody
 *   begins to serve it, and then takes the next number, which fails whoever had begun.
 */
export function openMongoReadModelBuilds(options: MongoReadModelBuildsOptions): ReadModelBuilds {
  const { onNotice = () => {} } = options;
  const server = connect(options);
  const { database, run } = server;
  const { builds, served } = server.collections;

  async function create(): Promise<BuildId> {
    await sweep();
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

  const findBuild = (id: BuildId) => run(() => builds.findOne({ _id: id, kind: 'build' }));

  /** The newest change; before there was any, nothing is served. */
  async function readServed(schemaVersion: number): Promise<Seen> {
    const wanted = { kind: 'served', schemaVersion } as const;
    const [newest] = await run(() => served.find(wanted).sort({ changes: -1 }).limit(1).toArray());
    return newest ?? { schemaVersion, build: null, changes: 0 };
  }

  async function thereOf({ build }: Seen): Promise<BuildId | undefined> {
    return build !== null && (await findBuild(build)) !== null ? build : undefined;
  }

  /** False where what is served has changed since it was read. */
  async function changeServed({ schemaVersion, changes: seen }: Seen, build: BuildId | null): Promise<boolean> {
    const changes = seen + 1;
    const _id = servedId(schemaVersion, changes);
    const change: ServedDocument = { _id, kind: 'served', schemaVersion, build, changes, changedAt: new Date() };
    const insert = async (): Promise<boolean> => {
      try {
        await served.insertOne(change);
        return true;
      } catch (error) {
        if (isDuplicate(error)) return false;
        throw error;
      }
    };
    return run(insert, writeMilliseconds);
  }

  async function serve(current: BuildId | undefined, next: BuildId | undefined): Promise<boolean> {
    for (;;) {
      const seen = await readServed(readModelSchemaVersion);
      if ((await thereOf(seen)) !== current) return false;
      if (next !== undefined) {
        const found = await run(() => builds.findOne({ _id: next, kind: 'build', discarding: false }));
        if (found?.schemaVersion !== readModelSchemaVersion) return false;
      }
      if (await changeServed(seen, next ?? null)) return true;
    }
  }

  async function remove(id: BuildId, evenWhereServed: boolean): Promise<void> {
    const mark = (discarding: boolean) =>
      run(() => builds.findOneAndUpdate({ _id: id, kind: 'build' }, { $set: { discarding } }), writeMilliseconds);
    const found = await mark(true);
    if (found !== null) {
      for (let isKnown = false; !isKnown; ) {
        const seen = await readServed(found.schemaVersion);
        const isServed = seen.build === id;
        if (isServed && found.schemaVersion >= readModelSchemaVersion && !evenWhereServed) {
          await mark(false);
          throw new BuildInUse(`build ${id} is served`);
        }
        isKnown = await changeServed(seen, isServed ? null : seen.build);
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
    const versions = [...new Set(found.map(({ schemaVersion }) => schemaVersion))];
    const isServed = new Set((await Promise.all(versions.map(readServed))).map(({ build }) => build));
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
    discard: (id) => remove(id, false),
    throwAway: (id) => remove(id, true),
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
