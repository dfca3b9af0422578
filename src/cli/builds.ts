import type { Command } from 'commander';
import type { Config, readConfig } from '../config.ts';
import type { Build, ReadModelBuilds } from '../ports/read-model-builds.ts';

/** What a person asks of the builds cannot be done. */
export class BuildsRefused extends Error {
  override readonly name = 'BuildsRefused';
}

export interface BuildsDependencies {
  readonly readConfig: typeof readConfig;
  readonly open: (config: Config) => Promise<{ readonly builds: ReadModelBuilds; close(): Promise<void> }>;
}

interface BuildsOptions {
  readonly serve?: string;
  readonly discard?: string;
  readonly json?: boolean;
  readonly data?: string;
}

/** `highwater builds`: which builds of the read models there are; another one that is served, and the end of one. */
export function registerBuilds(program: Command, { readConfig, open }: BuildsDependencies): void {
  program
    .command('builds')
    .description('list the builds of the read models, serve another one, or discard one')
    .option('--serve <id>', 'serve this build in the place of the one that is; it is brought up to the log')
    .option('--discard <id>', 'remove this build, which must not be served, but to an older version')
    .option('--json', 'the list as JSON')
    .option('--data <directory>', 'where the embedded stores keep their files (HIGHWATER_DATA, ./data)')
    .action(async ({ serve, discard, json = false, data }: BuildsOptions) => {
      const { builds, close } = await open(readConfig(process.env, data === undefined ? {} : { data }));
      try {
        if (serve !== undefined) await serveBuild(builds, serve);
        if (discard !== undefined) await discardBuild(builds, discard);
        const list = await builds.list();
        process.stdout.write(json ? `${JSON.stringify(list)}\n` : describeBuilds(list, builds.schemaVersion));
      } finally {
        await close();
      }
    });
}

/** Readers take it up once it holds what the one before does: whoever projects sees to that. */
async function serveBuild(builds: ReadModelBuilds, id: string): Promise<void> {
  const { schemaVersion } = await find(builds, id);
  if (schemaVersion !== builds.schemaVersion) {
    throw new BuildsRefused(
      `build ${id} is of schema ${schemaVersion}; this Highwater reads schema ${builds.schemaVersion}`,
    );
  }
  const served = await builds.served();
  if (served === id) return;
  if (!(await builds.serve(served, id)))
    throw new BuildsRefused('another build is served meanwhile; nothing was changed');
}

async function find(builds: ReadModelBuilds, id: string): Promise<Build> {
  const build = (await builds.list()).find((one) => one.id === id);
  if (build === undefined) throw new BuildsRefused(`there is no build ${id}`);
  return build;
}

async function discardBuild(builds: ReadModelBuilds, id: string): Promise<void> {
  await find(builds, id);
  await builds.discard(id);
}

/** A table, the oldest first. */
export function describeBuilds(list: readonly Build[], schemaVersion: number): string {
  if (list.length === 0) return 'There are no builds of the read models.\n';
  const rows = [
    ['BUILD', 'MADE', 'SCHEMA', 'POSITION', 'STATE'],
    ...list.map((build) => [
      build.id,
      build.createdAt,
      String(build.schemaVersion),
      String(build.checkpoint.position),
      stateOf(build, schemaVersion),
    ]),
  ];
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  return rows
    .map(
      (row) =>
        `${row
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}

function stateOf({ served, schemaVersion }: Build, own: number): string {
  if (!served) return 'not served';
  return schemaVersion === own ? 'served' : `served to the Highwater of schema ${schemaVersion}`;
}
