// Installs what the lock file names when it is missing or older than the lock file, so that every script of
// package.json works on a fresh clone with any Node from 20 and npm. Plain JavaScript: it runs before anything else.
import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

function isInstalled(folder) {
  const lockFile = join(folder, 'package-lock.json');
  const installed = join(folder, 'node_modules', '.package-lock.json');
  return existsSync(installed) && statSync(installed).mtimeMs >= statSync(lockFile).mtimeMs;
}

/** Runs `npm ci` in `folder` unless its node_modules is at least as new as its lock file. */
export function ensureInstalled(folder = root) {
  if (isInstalled(folder)) return;
  process.stderr.write('Installing what package-lock.json names (once) …\n');
  const npm = process.env.npm_execpath
    ? { command: process.execPath, args: [process.env.npm_execpath] }
    : { command: process.platform === 'win32' ? 'npm.cmd' : 'npm', args: [] };
  const environment = { ...process.env };
  // npm hands its own options on through the environment; inherited, they would change what the nested npm does.
  for (const name of Object.keys(environment))
    if (/^npm_config_(?!registry|cafile|cache)/i.test(name)) delete environment[name];
  const { status } = spawnSync(npm.command, [...npm.args, 'ci'], {
    cwd: folder,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: environment,
    shell: process.platform === 'win32',
  });
  if (status !== 0) {
    process.stderr.write('npm ci failed; nothing was started.\n');
    process.exit(status ?? 1);
  }
}

/** The Node that the lock file names, or the running one where no such binary exists for this platform. */
export function lockedNode() {
  const name = process.platform === 'win32' ? 'node.exe' : 'node';
  const locked = join(root, 'node_modules', '.bin', name);
  if (existsSync(locked)) return locked;
  if (Number(process.versions.node.split('.')[0]) >= 26) return process.execPath;
  process.stderr.write(
    `Highwater runs on Node 26; no locked binary for ${process.platform}-${process.arch} was found.\n`,
  );
  process.exit(1);
}
