import {
  type Build,
  BuildGone,
  type BuildId,
  BuildInUse,
  type ReadModelBuilds,
} from '../../src/ports/read-model-builds.ts';
import { createInMemoryContents } from './in-memory-contents.ts';
import { createInMemoryQueries } from './in-memory-queries.ts';
import { type BuildRows, createInMemoryWriter, emptyBuild, leaseLost } from './in-memory-rows.ts';

interface StoredBuild extends Omit<Build, 'checkpoint' | 'served'> {
  readonly rows: BuildRows;
  /** Whoever writes now, and those who wait for their turn. */
  writer: symbol | undefined;
  readonly waiting: Set<() => void>;
}

/** One store of read models, which several processes and several versions share. */
export interface InMemoryStore {
  /** Its builds as a process of this version sees them. */
  of(schemaVersion: number): ReadModelBuilds;
  /** What a build holds, to be looked at or changed behind everybody's back. Throws BuildGone. */
  rows(id: BuildId): BuildRows;
  /** As a lease that runs out: its writer has been one, and the next who waits is it. */
  takeLease(id: BuildId): void;
  /** As a file that is removed or a database that is dropped, served or not. */
  drop(id: BuildId): void;
  /** As a Highwater of another version would have made it, and serves it. */
  serveTo(schemaVersion: number, id: BuildId): void;
  /** Runs between two groups of a commit, and before its checkpoint: it may wait, or throw. */
  betweenGroups: () => Promise<void> | void;
}

export function createInMemoryStore(): InMemoryStore {
  const builds = new Map<BuildId, StoredBuild>();
  const served = new Map<number, BuildId>();
  let created = 0;

  function find(id: BuildId): StoredBuild {
    const build = builds.get(id);
    if (build === undefined) throw new BuildGone(`build ${id} is gone`);
    return build;
  }

  const servedOf = (schemaVersion: number): BuildId | undefined => {
    const id = served.get(schemaVersion);
    return id !== undefined && builds.has(id) ? id : undefined;
  };
  const isServed = ({ id, schemaVersion }: StoredBuild): boolean => servedOf(schemaVersion) === id;

  function endWriter(build: StoredBuild): void {
    build.writer = undefined;
    for (const turn of [...build.waiting]) turn();
  }

  function drop(id: BuildId): void {
    const build = builds.get(id);
    builds.delete(id);
    if (build !== undefined) endWriter(build);
  }

  async function openWriter(id: BuildId, signal: AbortSignal) {
    while (find(id).writer !== undefined) await nextTurn(find(id).waiting, signal);
    signal.throwIfAborted();
    const build = find(id);
    const self = Symbol(id);
    build.writer = self;
    return createInMemoryWriter({
      rows: build.rows,
      requireLease: () => {
        if (builds.get(id)?.writer !== self) throw leaseLost(id);
      },
      betweenGroups: () => store.betweenGroups(),
      close: () => {
        if (build.writer === self) endWriter(build);
      },
    });
  }

  const of = (schemaVersion: number): ReadModelBuilds => ({
    schemaVersion,
    served: async () => servedOf(schemaVersion),
    list: async () =>
      [...builds.values()].map((build) => {
        const { id, createdAt, rows } = build;
        const { checkpoint } = rows;
        return { id, createdAt, schemaVersion: build.schemaVersion, checkpoint, served: isServed(build) };
      }),
    async create() {
      created += 1;
      const id = `build-${created}`;
      const createdAt = new Date(Date.UTC(2026, 0, 1) + created * 1_000).toISOString();
      builds.set(id, { id, createdAt, schemaVersion, rows: emptyBuild(), writer: undefined, waiting: new Set() });
      return id;
    },
    async serve(current, next) {
      if (servedOf(schemaVersion) !== current) return false;
      if (next === undefined) return served.delete(schemaVersion) || true;
      if (builds.get(next)?.schemaVersion !== schemaVersion) return false;
      served.set(schemaVersion, next);
      return true;
    },
    async discard(id) {
      const build = builds.get(id);
      const isOlder = build !== undefined && build.schemaVersion < schemaVersion;
      if (build !== undefined && isServed(build) && !isOlder) throw new BuildInUse(`build ${id} is served`);
      drop(id);
    },
    throwAway: async (id) => drop(id),
    openWriter,
    async openReadModels(id) {
      find(id);
      return createInMemoryQueries(() => find(id).rows);
    },
    async openContents(id) {
      find(id);
      return createInMemoryContents(() => find(id).rows);
    },
    close: async () => undefined,
  });

  const store: InMemoryStore = {
    of,
    rows: (id) => find(id).rows,
    takeLease: (id) => endWriter(find(id)),
    drop,
    serveTo(schemaVersion, id) {
      builds.set(id, { ...find(id), schemaVersion });
      served.set(schemaVersion, id);
    },
    betweenGroups: () => undefined,
  };
  return store;
}

/** Resolves when somebody has ended writing; rejects with the signal's reason. */
async function nextTurn(waiting: Set<() => void>, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const turn = Promise.withResolvers<void>();
  const abort = () => turn.reject(signal.reason);
  waiting.add(turn.resolve);
  signal.addEventListener('abort', abort, { once: true });
  await turn.promise.finally(() => {
    waiting.delete(turn.resolve);
    signal.removeEventListener('abort', abort);
  });
}
