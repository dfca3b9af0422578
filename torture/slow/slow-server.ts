import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { EdgeLimits } from '../../src/api/edge-limits.ts';

/** A server seen from outside. */
export interface SlowServer {
  readonly url: string;
  /** How many connections are open from this address of the loopback. */
  connectionsFrom(address: string): number;
  residentBytes(): number;
  stop(): Promise<void>;
}

const pageBytes = 4_096;
const established = '01';

export async function startSlowServer(
  secret: string,
  options: { readonly limits: Partial<EdgeLimits>; readonly closes: boolean },
): Promise<SlowServer> {
  const preload = pathToFileURL(join(import.meta.dirname, 'never-close.ts')).href;
  const child: ChildProcess = fork(join(import.meta.dirname, 'server-process.ts'), [JSON.stringify(options.limits)], {
    execArgv: options.closes ? [] : ['--import', preload],
    env: { ...process.env, HIGHWATER_JWT_SECRET: secret, NODE_ENV: 'production' },
  });
  const [{ url }] = (await once(child, 'message')) as [{ url: string }];
  const port = Number(new URL(url).port).toString(16).toUpperCase().padStart(4, '0');
  return {
    url,
    connectionsFrom(address) {
      const remote = address
        .split('.')
        .reverse()
        .map((part) => Number(part).toString(16).toUpperCase().padStart(2, '0'));
      return readFileSync('/proc/net/tcp', 'utf8')
        .split('\n')
        .map((line) => line.trim().split(/\s+/))
        .filter(
          ([, own = '', other = '', state]) =>
            own.endsWith(`:${port}`) && other.startsWith(`${remote.join('')}:`) && state === established,
        ).length;
    },
    residentBytes: () => Number(readFileSync(`/proc/${child.pid}/statm`, 'utf8').split(' ')[1]) * pageBytes,
    async stop() {
      const ended = once(child, 'exit');
      child.disconnect();
      const cutOff = setTimeout(() => child.kill('SIGKILL'), 3_000);
      await ended;
      clearTimeout(cutOff);
    },
  };
}
