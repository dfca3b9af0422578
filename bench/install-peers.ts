import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

const folder = import.meta.dirname;
const installScript = join(folder, '..', 'bin', 'install.js');

/** Where node-gyp finds Node's headers without downloading them; empty where it must. Debian's libnode-dev puts them here. */
const headers = existsSync('/usr/include/node/node_api.h') ? '/usr' : '';

let outcome: string | undefined | false = false;

/**
 * Installs what bench/package-lock.json names, once. Returns why a package of it cannot be used, or undefined. It runs on
 * the Node that runs npm, in a process of its own: a peer that does not build must not end the bench.
 */
export function whyNotInstalled(packageName: string): string | undefined {
  if (outcome === false) outcome = install();
  if (outcome !== undefined) return outcome;
  return existsSync(join(folder, 'node_modules', packageName)) ? undefined : `${packageName} is missing after npm ci`;
}

function install(): string | undefined {
  const node = process.env['npm_node_execpath'] ?? process.execPath;
  const { status } = spawnSync(
    node,
    [
      '--input-type=module',
      '--eval',
      'const { ensureInstalled } = await import(process.argv[1]); ensureInstalled(process.argv[2]);',
      installScript,
      folder,
    ],
    // bench/.npmrc hands it on as `nodedir`: bin/install.js lets no npm_config_* through.
    { stdio: ['ignore', 'ignore', 'inherit'], env: { ...process.env, HIGHWATER_NODEDIR: headers } },
  );
  if (status === 0) return undefined;
  const hint =
    headers === '' ? ' (there are no Node headers in /usr/include/node: Debian has them in libnode-dev)' : '';
  return `npm ci in bench/ ended with ${status}${hint}`;
}
