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

/** `highwater builds`: which builds of the read models there are, and the end of one. */
export function registerBuilds(program: Command, { readConfig, open }: BuildsDependencies): void {
  program
    .command('builds')
    .description('list the builds of the read models, or discard one')
    .option('--discard <id>', 'remove this build, which must not be served')
    .option('--json', 'the list as JSON')
    .option('--data <directory>', 'where the embedded stores keep their files (HIGHWATER_DATA, ./data)')
    .action(async ({ discard, json = false, data }: { discard?: string; json?: boolean; data?: string }) => {
      const { builds, close } = await open(readConfig(process.env, data === undefined ? {} : { data }));
      try {
        if (discard !== undefined) await discardBuild(builds, discard);
        const list = await builds.list();
        process.stdout.write(json ? `${JSON.stringify(list)}\n` : describeBuilds(list, builds.schemaVersion));
      } finally {
        await close();
      }
    });
}

async function discardBuild(builds: ReadModelBuilds, id: string): Promise<void> {
  if (!(await builds.list()).some((build) => build.id === id)) throw new BuildsRefused(`there is no build ${id}`);
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
