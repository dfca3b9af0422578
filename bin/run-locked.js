import { spawn, spawnSync } from 'node:child_process';
import { constants } from 'node:os';
import { delimiter, dirname } from 'node:path';
import { ensureInstalled, lockedNode } from './install.js';

/**
 * Runs a script on the locked Node with the caller's terminal, passes signals on and ends with the script's exit code. With
 * `tied`, the script is told when this process is gone, however it went (its channel ends), and this process ends when the
 * npm that began it is gone.
 */
export function runLocked(args, { tied = false } = {}) {
  ensureInstalled();
  const node = lockedNode();
  const env = { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env.PATH ?? ''}` };
  const stdio = ['inherit', 'inherit', 'inherit', ...(tied ? ['ipc'] : [])];
  const child = spawn(node, args, { stdio, env });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 1)));
  if (tied) whenNpmIsGone(() => child.kill('SIGTERM'));
}

const lookMilliseconds = 500;

/**
 * npm and npx end by a signal, or by kill -9, without a word to what the shell between has begun. Who starts a server
 * without npm (a supervisor, nohup) may go away, and the server stays.
 */
function whenNpmIsGone(gone) {
  if (process.env.npm_command === undefined) return;
  const parent = process.ppid;
  const npm = npmAbove(parent);
  const looking = setInterval(() => {
    if (process.ppid === parent && isThere(npm)) return;
    clearInterval(looking);
    gone();
  }, lookMilliseconds);
  looking.unref();
}

/** npm runs a command through `sh -c`, which may have become the command, or stand between. */
function npmAbove(parent) {
  const { status, stdout } = spawnSync('ps', ['-o', 'ppid=,args=', '-p', String(parent)], { encoding: 'utf8' });
  const [, above, command = ''] = (status === 0 && /^\s*(\d+)\s+(.*)/.exec(stdout)) || [];
  return command.includes(' -c ') ? Number(above) : parent;
}

function isThere(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}
