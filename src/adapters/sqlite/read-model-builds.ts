import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as pause } from 'node:timers/promises';
import { startOfLog } from '../../ports/event-log.ts';
import {
  type Build,
  BuildGone,
  type BuildId,
  BuildInUse,
  type ReadModelBuilds,
} from '../../ports/read-model-builds.ts';
import { ReadModelsUnavailable } from '../../ports/read-model-faults.ts';
import type { ReadModelWriter } from '../../ports/row-store.ts';
import { openSqliteBuildContents } from './build-contents.ts';
import { type FileLock, tryLockFile } from './file-lock.ts';
import { readNumber, sqliteCode } from './log-file.ts';
import { createReadModelFile, readModelSchemaVersion } from './read-model-file.ts';
import { prepareCheckpoint } from './read-model-rows.ts';
import { openSqliteReadModelWriter } from './read-model-writer.ts';
import { openSqliteReadModels } from './read-models.ts';
import { identityOf } from './same-files.ts';
import { readServedBuilds, syncFile, writeServedBuilds } from './served-builds.ts';

export interface SqliteBuildsOptions {
  /** Of the builds alone; it is made where it is missing. */
  readonly directory: string;
  /**
   * Whoever projects here has the data directory to itself, so no older Highwater runs on it: what versions before builds
   * kept beside the directory is removed once a build is served and written to.
   */
  readonly removesSchema2?: boolean | undefined;
}

/** So long somebody else's change of what is served may take: each is a few files written and synced. */
const lockMilliseconds = 10_000;
const pollMilliseconds = 20;
/** What stands before a build's random end is when it was made, and so orders builds. */
const buildIdPattern = /^(\d{4})(\d\d)(\d\d)-(\d\d)(\d\d)(\d\d)(\d{3})-[0-9a-f]{8}$/;
const suffixes = ['.db', '.db-wal', '.db-shm', '.lock', '.making', '.making-wal', '.making-shm'];
/** What versions before builds had: one file, of the directory's name and beside it. */
const suffixesOfSchema2 = ['.db', '.db-wal', '.db-shm'];

/**
 * One file a build. Which of them is served for each schema version is said in `served.json`, which is replaced as a whole;
 * whoever changes that, or makes or removes a build, has a lock on the directory, also against other processes. A build's
 * writer has a lock of the build's own.
 *
 * What a crash leaves of a build that was being made or removed is taken away when the next one is made.
 */
export function openSqliteReadModelBuilds({ directory, removesSchema2 = false }: SqliteBuildsOptions): ReadModelBuilds {
  const fileOf = (id: BuildId): string => join(directory, `${id}.db`);
  const isThere = (id: BuildId): boolean => buildIdPattern.test(id) && identityOf(fileOf(id)) !== undefined;
  const ids = (): readonly BuildId[] =>
    filesIn(directory)
      .flatMap((name) => idOfFile(name, '.db'))
      .filter(isThere);

  function served(): BuildId | undefined {
    const id = readServedBuilds(directory).get(readModelSchemaVersion);
    return id !== undefined && isThere(id) ? id : undefined;
  }

  /** One at a time, among processes too. */
  async function alone<T>(run: () => T): Promise<T> {
    available(() => mkdirSync(directory, { recursive: true }));
    const lock = await lockWithin(join(directory, 'builds.lock'), AbortSignal.timeout(lockMilliseconds)).catch(
      unavailable,
    );
    try {
      return available(run);
    } finally {
      lock.release();
    }
  }

  /** The build itself first: what is left of it then is nobody's. */
  function remove(id: BuildId): void {
    for (const suffix of suffixes) removeFile(join(directory, id + suffix));
  }

  /** What a crash in between leaves is said to be served and is not there: nobody is served anything. */
  function removeServed(id: BuildId): void {
    if (!buildIdPattern.test(id)) return;
    remove(id);
    const builds = [...readServedBuilds(directory)];
    const others = builds.filter(([, build]) => build !== id);
    if (others.length < builds.length) writeServedBuilds(directory, new Map(others));
  }

  function removeLeftovers(): void {
    const there = new Set(ids());
    for (const name of filesIn(directory)) {
      const [id] = suffixes.flatMap((suffix) => idOfFile(name, suffix));
      if (id !== undefined && !there.has(id)) remove(id);
    }
  }

  function describe(id: BuildId): readonly Build[] {
    const isServed = [...readServedBuilds(directory).values()].includes(id);
    const progress = progressOf(fileOf(id));
    // It may have gone meanwhile.
    return isThere(id) ? [{ id, createdAt: momentOf(id), ...progress, served: isServed }] : [];
  }

  const isOfThisVersion = (id: BuildId): boolean =>
    isThere(id) && progressOf(fileOf(id)).schemaVersion === readModelSchemaVersion;

  function requireThere(id: BuildId): void {
    if (!isThere(id)) throw new BuildGone(`there is no build ${id} of the read models`);
  }

  return {
    schemaVersion: readModelSchemaVersion,
    served: async () => available(served),
    list: async () => available(() => ids().toSorted().flatMap(describe)),
    create: () =>
      alone(() => {
        removeLeftovers();
        const id = newId(ids().toSorted().at(-1));
        const making = join(directory, `${id}.making`);
        createReadModelFile(making);
        syncFile(making);
        renameSync(making, fileOf(id));
        syncFile(directory);
        return id;
      }),
    serve: (current, next) =>
      alone(() => {
        if (served() !== current || (next !== undefined && !isOfThisVersion(next))) return false;
        const builds = new Map(readServedBuilds(directory));
        if (next === undefined) builds.delete(readModelSchemaVersion);
        else builds.set(readModelSchemaVersion, next);
        writeServedBuilds(directory, builds);
        return true;
      }),
    discard: (id) =>
      alone(() => {
        const isServed = [...readServedBuilds(directory)].some(
          ([version, build]) => build === id && version >= readModelSchemaVersion,
        );
        if (isServed) throw new BuildInUse(`build ${id} is served`);
        removeServed(id);
      }),
    throwAway: (id) => alone(() => removeServed(id)),
    openWriter: async (id, signal) => {
      signal.throwIfAborted();
      requireThere(id);
      const lock = await lockWithin(join(directory, `${id}.lock`), signal);
      try {
        if (removesSchema2 && served() === id) for (const suffix of suffixesOfSchema2) removeFile(directory + suffix);
        return releasing(openSqliteReadModelWriter({ file: fileOf(id) }), lock);
      } catch (error) {
        lock.release();
        throw error;
      }
    },
    openReadModels: async (id) => {
      requireThere(id);
      return openSqliteReadModels({ file: fileOf(id) });
    },
    openContents: async (id) => {
      requireThere(id);
      return openSqliteBuildContents(fileOf(id));
    },
    close: async () => {},
  };
}

const removeFile = (file: string): void => rmSync(file, { force: true, recursive: true });

const filesIn = (directory: string): readonly string[] => (existsSync(directory) ? readdirSync(directory) : []);

/** None where the file is nothing of a build. */
function idOfFile(name: string, suffix: string): readonly BuildId[] {
  const id = name.endsWith(suffix) ? name.slice(0, -suffix.length) : '';
  return buildIdPattern.test(id) ? [id] : [];
}

function momentOf(id: BuildId): string {
  const [, year, month, day, hour, minute, second, milliseconds] = buildIdPattern.exec(id) ?? [];
  return `${year}-${month}-${day}T${hour}:${minute}:${second}.${milliseconds}Z`;
}

/** Later than the newest that is there, whatever the clock says. */
function newId(newest: BuildId | undefined): BuildId {
  const after = newest === undefined ? 0 : Date.parse(momentOf(newest)) + 1;
  const digits = new Date(Math.max(Date.now(), after)).toISOString().replaceAll(/[^\d]/g, '');
  return `${digits.slice(0, 8)}-${digits.slice(8)}-${randomBytes(4).toString('hex')}`;
}

/** Waits for as long as the signal allows, and rejects with its reason then. */
async function lockWithin(file: string, signal: AbortSignal): Promise<FileLock> {
  for (;;) {
    const lock = available(() => tryLockFile(file));
    if (lock !== undefined) return lock;
    await pause(pollMilliseconds, undefined, { signal }).catch(() => {});
    signal.throwIfAborted();
  }
}

function releasing(writer: ReadModelWriter, lock: FileLock): ReadModelWriter {
  return {
    ...writer,
    close: async () => {
      await writer.close().finally(lock.release);
    },
  };
}

/** Of a file that is damaged, or of a form that this version cannot read, that nothing is in it: it can be discarded. */
function progressOf(file: string): Pick<Build, 'schemaVersion' | 'checkpoint'> {
  let schemaVersion = 0;
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(file, { readOnly: true, timeout: 1_000 });
    schemaVersion = readNumber(database, 'PRAGMA user_version');
    const checkpoint = prepareCheckpoint(database)();
    if (checkpoint !== undefined) return { schemaVersion, checkpoint };
  } catch (error) {
    // Somebody else holds the file, which may well be whole.
    if (sqliteCode(error) === 5) throw error;
  } finally {
    database?.close();
  }
  return { schemaVersion, checkpoint: { position: startOfLog, event: undefined } };
}

/** What the system refuses passes, as far as can be told. */
function available<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (error instanceof Error && 'code' in error) return unavailable(error);
    throw error;
  }
}

function unavailable(error: unknown): never {
  throw new ReadModelsUnavailable(`the read models' builds cannot be used: ${String(error)}`, { cause: error });
}
