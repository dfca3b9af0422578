import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { MongoClient } from 'mongodb';
import type { BuildId } from '../../src/ports/read-model-builds.ts';
import type { CommandProcess, RebuildStage } from './stage.ts';

/** Something that is done to builds while everybody reads and writes. */
export interface Violence {
  readonly name: string;
  /** Whether queries may be refused meanwhile: what is served is gone. None may ever be wrong. */
  readonly mayRefuse: boolean;
  /** What was not as it should be. */
  happen(stage: RebuildStage, random: () => number): Promise<readonly string[]>;
}

/** The build that a rebuild fills, once it has one. */
async function buildOf({ opened: { builds } }: RebuildStage, rebuild: CommandProcess): Promise<BuildId | undefined> {
  const served = await builds.served();
  const known = new Set((await builds.list()).map(({ id }) => id));
  let hasEnded = false;
  void rebuild.ended.then(() => {
    hasEnded = true;
  });
  while (!hasEnded) {
    const found = (await builds.list()).find(({ id }) => !known.has(id) && id !== served);
    if (found !== undefined) return found.id;
    await wait(20);
  }
  return undefined;
}

/** A whole rebuild that nobody disturbs. */
export async function rebuildWhole(
  { command }: RebuildStage,
  ...more: readonly string[]
): Promise<{
  readonly problems: readonly string[];
  readonly result:
    | { readonly comparison?: { readonly groups: number; readonly neverStill: readonly string[] } }
    | undefined;
}> {
  const { code, output, errors } = await command('rebuild', '--json', ...more).ended;
  const result = code === 0 || code === 1 ? (output === '' ? undefined : JSON.parse(output)) : undefined;
  const isSwitched = code === 0 && result?.outcome === 'switched';
  return { problems: isSwitched ? [] : [`a rebuild ended with ${code}: ${output}${errors}`], result };
}

/** Killed, stopped or robbed at any moment between its first sign of life and its end, which are some seconds apart. */
const anyMoment = (random: () => number): Promise<void> => wait(random() ** 2 * 4_000);

const killed: Violence = {
  name: 'a rebuild is killed, and another one begun',
  mayRefuse: false,
  async happen(stage, random) {
    const rebuild = stage.command('rebuild', '--json');
    await buildOf(stage, rebuild);
    await anyMoment(random);
    rebuild.child.kill('SIGKILL');
    await rebuild.ended;
    return untilRebuilt(stage);
  },
};

const stoodStill: Violence = {
  name: 'a rebuild stands still, its build is discarded, another one is served, and it wakes',
  mayRefuse: false,
  async happen(stage, random) {
    const { builds } = stage.opened;
    const rebuild = stage.command('rebuild', '--json');
    const build = await buildOf(stage, rebuild);
    await anyMoment(random);
    rebuild.child.kill('SIGSTOP');
    try {
      if (build === undefined || (await builds.served()) === build) return [];
      const discarded = await stage.command('builds', '--discard', build).ended;
      if (discarded.code !== 0) return [`builds --discard ended with ${discarded.code}: ${discarded.errors}`];
      const problems = [...(await rebuildWhole(stage)).problems];
      const served = await builds.served();
      rebuild.child.kill('SIGCONT');
      const { code, output } = await rebuild.ended;
      if (code === 0) problems.push(`a rebuild whose build was discarded ended well: ${output}`);
      if ((await builds.served()) !== served) problems.push('a rebuild that stood still has changed what is served');
      return problems;
    } finally {
      rebuild.child.kill('SIGCONT');
      await rebuild.ended;
    }
  },
};

const robbed: Violence = {
  name: 'what a rebuild fills is removed beneath it',
  mayRefuse: false,
  async happen(stage, random) {
    const rebuild = stage.command('rebuild', '--json');
    const build = await buildOf(stage, rebuild);
    await anyMoment(random);
    if (build !== undefined && (await stage.opened.builds.served()) !== build) await remove(stage, build);
    await rebuild.ended;
    return untilRebuilt(stage);
  },
};

const servedRemoved: Violence = {
  name: 'the served build is removed',
  mayRefuse: true,
  async happen(stage) {
    const served = await stage.opened.builds.served();
    if (served !== undefined) await remove(stage, served);
    return untilServed(stage, served);
  },
};

const allRemoved: Violence = {
  name: 'all builds are removed, and what says which is served',
  mayRefuse: true,
  async happen(stage) {
    const served = await stage.opened.builds.served();
    if (stage.mongoUrl === undefined) await removeDirectory(join(stage.dataDirectory, 'read-models'));
    else await inMongo(stage.mongoUrl, (client) => client.db().dropDatabase());
    return untilServed(stage, served);
  },
};

export const violences: readonly Violence[] = [killed, stoodStill, robbed, servedRemoved, allRemoved];

/** Whoever serves may be making it anew meanwhile. */
const removeDirectory = (directory: string): Promise<void> =>
  rm(directory, { recursive: true, force: true, maxRetries: 20, retryDelay: 10 });

async function remove({ dataDirectory, mongoUrl }: RebuildStage, build: BuildId): Promise<void> {
  if (mongoUrl === undefined) {
    for (const suffix of ['.db', '.db-wal', '.db-shm']) {
      await rm(join(dataDirectory, 'read-models', build + suffix), { force: true });
    }
    return;
  }
  await inMongo(mongoUrl, async (client) => {
    const collections = await client.db().listCollections({}, { nameOnly: true }).toArray();
    for (const { name } of collections) if (name.includes(build)) await client.db().dropCollection(name);
    await client.db().collection<{ _id: string }>('checkpoints').deleteOne({ _id: build });
  });
}

async function inMongo(url: string, run: (client: MongoClient) => Promise<unknown>): Promise<void> {
  const client = new MongoClient(url);
  try {
    await run(client);
  } finally {
    await client.close();
  }
}

const healMilliseconds = 120_000;

/** What a rebuild has left unfinished may be its own for a moment longer. */
async function untilRebuilt(stage: RebuildStage): Promise<readonly string[]> {
  for (const deadline = performance.now() + healMilliseconds; ; ) {
    const { problems } = await rebuildWhole(stage);
    if (problems.length === 0) return [];
    const isWaiting = problems.every((problem) => problem.includes('another build is being filled'));
    if (!isWaiting || performance.now() > deadline) return problems;
    await wait(1_000);
  }
}

/** Whoever serves fills another build by itself. */
async function untilServed(
  { opened: { builds, log } }: RebuildStage,
  before: BuildId | undefined,
): Promise<readonly string[]> {
  for (const deadline = performance.now() + healMilliseconds; performance.now() < deadline; await wait(200)) {
    const served = await builds.served();
    if (served === undefined || served === before) continue;
    const end = await log.endPosition();
    const build = (await builds.list()).find(({ id }) => id === served);
    if ((build?.checkpoint.position ?? -1) >= end - 1_000) return [];
  }
  return ['no other build was served in two minutes'];
}
