import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { writeHistory } from '../../bench/history.ts';
import { createTokens } from '../../src/rights/tokens.ts';
import * as documents from '../api/documents.ts';
import { highwater, type ServerProcess, startProcess } from './process.ts';

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

/** No file may grow past so many blocks of 512 bytes: what is beyond fails as on a full disk. */
const limitedTo = (blocks: number) => ['/bin/sh', '-c', `trap '' XFSZ; ulimit -f ${blocks}; exec "$0" "$@"`];
const limited = limitedTo(1_024);

async function ready({ url }: ServerProcess) {
  const response = await fetch(`${url}/ready`);
  return { status: response.status, reason: ((await response.json()) as { reason?: string }).reason };
}

test.skipIf(process.platform === 'win32')(
  'a process whose disk is full refuses what it cannot store, says so in /ready, and goes on answering and living',
  { timeout: 60_000 },
  async () => {
    const dataDirectory = mkdtempSync(join(tmpdir(), 'highwater-full-'));
    onTestFinished(() => rmSync(dataDirectory, { recursive: true, force: true }));
    const start = async (before: readonly string[]) => {
      const started = await startProcess(
        ['serve', '--data', dataDirectory, '--port', '0'],
        {},
        { before, readErrors: true },
      );
      onTestFinished(() => started.kill());
      return started;
    };
    let server = await start(limited);
    const tokens = createTokens(readFileSync(join(dataDirectory, 'jwt-secret'), 'utf8'), Date.now);
    const authorization = `Bearer ${await tokens.issue({ userId: 'ada' }, 600)}`;
    const ask = async (query: string, variables: object) => {
      const response = await fetch(`${server.url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization },
        body: JSON.stringify({ query, variables }),
      });
      return (await response.json()) as { data?: unknown; errors?: { extensions: { code: string } }[] };
    };
    await ask(documents.createGroup, { input: { groupId: 'g', name: 'g' } });
    await expect.poll(() => ready(server)).toMatchObject({ status: 200 });

    const send = (id: string) =>
      ask(documents.sendMessage, { input: { groupId: 'g', messageId: id, text: id.padEnd(4_000, '.') } });
    let stored = 0;
    while ((await send(`m${stored + 1}`)).errors === undefined) stored += 1;
    expect(stored).toBeGreaterThan(10);
    expect((await send('later')).errors).toMatchObject([{ extensions: { code: 'UNAVAILABLE' } }]);
    expect(await ready(server)).toMatchObject({ status: 503, reason: expect.stringMatching(/^the log has stopped: /) });
    expect((await ask('{ me { userId } }', {})).data).toEqual({ me: { userId: 'ada' } });
    for (const line of server.errors().split('\n').filter(Boolean)) expect(line).toMatch(/^{"level":/);
    server.child.kill('SIGTERM');
    expect(await server.ended).toBe(0);

    server = await start([]);
    await expect.poll(() => ready(server), { timeout: 10_000 }).toMatchObject({ status: 200 });
    for (const id of ['m1', `m${stored}`, `m${stored + 1}`]) expect((await send(id)).errors).toBeUndefined();
  },
);

test.skipIf(process.platform === 'win32')(
  'a rebuild for which there is no room ends with a sentence, discards what it has made and leaves alone what is served',
  { timeout: 60_000 },
  async () => {
    const data = mkdtempSync(join(tmpdir(), 'highwater-full-'));
    onTestFinished(() => rmSync(data, { recursive: true, force: true }));
    writeHistory({ file: join(data, 'log.db'), events: 20_000, largeGroup: 200, smallGroups: 3, smallGroup: 5 });
    expect(await highwater('rebuild', '--data', data)).toMatchObject({ code: 0 });
    const files = () => readdirSync(join(data, 'read-models')).filter((name) => /\.db$|^served/.test(name));
    const before = files().map((name) => [name, readFileSync(join(data, 'read-models', name), 'utf8')]);

    const [command = '', ...args] = [...limitedTo(2_048), process.execPath, main, 'rebuild', '--data', data];
    const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' });
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    const [served = ''] = files().map((name) => name.replace('.db', ''));
    expect(stderr).toMatch(
      new RegExp(
        `(?:^|\\n)highwater: the disk of the read models is full or fails: .*\\. The unfinished build is discarded; build ${served} is served as before\\.\n$`,
      ),
    );
    expect(files().map((name) => [name, readFileSync(join(data, 'read-models', name), 'utf8')])).toEqual(before);
  },
);
