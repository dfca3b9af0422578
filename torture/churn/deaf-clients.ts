import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { createTokens } from '../../src/rights/tokens.ts';
import { startServerProcess } from '../../test/cli/process.ts';
import { ask } from '../chat-load.ts';
import { deafClients } from './visits.ts';

const secret = 'a secret that this row knows as well as its server';
const withinMilliseconds = 10_000;
/** That a process has ended is heard of a little later. */
const noticedMilliseconds = 500;
const patienceMilliseconds = 20_000;
const fillingMessages = 40;

/**
 * Ends a server while clients hold on to it who answer nothing, read nothing and have sent half of what they meant to. Says
 * what is wrong: it has to end within ten seconds. `unmerciful` takes the cure out: the process cuts nobody off.
 */
export async function endWithDeafClients(options: { readonly unmerciful: boolean }): Promise<readonly string[]> {
  const data = await mkdtemp(join(tmpdir(), 'highwater-deaf-'));
  const preload = pathToFileURL(join(import.meta.dirname, 'cut-nobody-off.ts')).href;
  const environment = {
    HIGHWATER_JWT_SECRET: secret,
    HIGHWATER_RATE_LIMITS: 'off',
    ...(options.unmerciful && { NODE_OPTIONS: `--import ${preload}` }),
  };
  const server = await startServerProcess(data, [], environment);
  try {
    const tokens = createTokens(secret, Date.now);
    const token = await tokens.issue({ userId: 'owner' }, 3_600);
    const access = { url: server.url, token: async () => token };
    const order = (mutation: string, type: string, input: object) =>
      ask(
        access,
        'owner',
        `mutation ($input: ${type}!) { ${mutation}(input: $input) { position } }`,
        { input },
        patienceMilliseconds,
      );
    const groupId = 'deaf';
    await order('createGroup', 'CreateGroupInput', { groupId, name: groupId });
    const target = { port: Number(new URL(server.url).port), token, groupId };
    const sockets = await Promise.all(Object.values(deafClients).map((connect) => connect(target)));
    for (let index = 0; index < fillingMessages; index += 1) {
      await order('sendMessage', 'SendMessageInput', { groupId, messageId: `m${index}`, text: 'x'.repeat(8_000) });
    }
    const begun = performance.now();
    const ended = once(server.child, 'exit');
    server.child.kill('SIGTERM');
    const end = await Promise.race([ended, wait(withinMilliseconds + noticedMilliseconds)]);
    for (const socket of sockets) socket.destroy();
    if (end === undefined) return [`it had not ended after ${withinMilliseconds} ms`];
    const [code] = end as [number | null];
    return code === 0 ? [] : [`it ended with ${code} after ${Math.round(performance.now() - begun)} ms`];
  } finally {
    await server.kill();
    await rm(data, { recursive: true, force: true });
  }
}
