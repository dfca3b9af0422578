import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { temporaryDirectory } from '../adapters/sqlite/temporary-directory.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Starts a command that begins a server, and waits until the server says where it listens. */
async function launch([command = '', ...args]: readonly string[]) {
  const npm = process.platform === 'win32' ? '.cmd' : '';
  const child = spawn(command === 'node' ? process.execPath : `${command}${npm}`, args, {
    cwd: root,
    env: { ...process.env, HIGHWATER_DATA: temporaryDirectory(), HIGHWATER_PORT: '0', HIGHWATER_LOG_LEVEL: 'fatal' },
    stdio: ['ignore', 'pipe', 'inherit'],
    // A group of its own, as a terminal gives a command.
    detached: true,
  });
  // It comes when the last process that could write to the pipe has ended, and so after the server itself.
  const allEnded = once(child, 'close');
  const lines = createInterface({ input: child.stdout });
  for await (const line of lines) if (/:\/\/127\.0\.0\.1:\d+/.test(line)) break;
  child.stdout.resume();
  return { child, allEnded };
}

const eventStore = ['highwater', 'eventstore', '--port', '0'];
const byNode = ['node', 'bin/highwater.js'];

it.skipIf(process.platform === 'win32').each<[NodeJS.Signals, readonly (readonly string[])[]]>([
  [
    'SIGTERM',
    [
      ['npx', ...eventStore],
      ['npm', 'start'],
      [...byNode, 'serve'],
    ],
  ],
  [
    'SIGINT',
    [
      ['npx', ...eventStore],
      [...byNode, 'eventstore', '--port', '0'],
    ],
  ],
  [
    'SIGHUP',
    [
      ['npx', ...eventStore],
      [...byNode, 'serve'],
    ],
  ],
  [
    'SIGKILL',
    [
      ['npx', ...eventStore],
      ['npm', 'start'],
      [...byNode, 'serve'],
      [...byNode, 'eventstore', '--port', '0'],
    ],
  ],
])('a launcher that is ended by %s leaves no server behind', { timeout: 60_000 }, async (signal, commands) => {
  const launched = await Promise.all(commands.map(launch));
  for (const { child } of launched) {
    // Ctrl-C goes to the whole group. npm alone with a SIGINT waits for its command, which has got none.
    if (signal === 'SIGINT') process.kill(-(child.pid ?? 0), signal);
    else child.kill(signal);
  }
  const ended = await Promise.all(launched.map(({ allEnded }) => allEnded));
  expect(ended).toHaveLength(commands.length);
});
