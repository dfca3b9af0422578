import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createTokens } from '../../src/rights/tokens.ts';
import { servedFile } from '../adapters/sqlite/served-file.ts';
import * as documents from '../api/documents.ts';
import { highwater, type ServerProcess, startServerProcess } from './process.ts';

let dataDirectory: string;
let server: ServerProcess | undefined;

beforeEach(async () => {
  dataDirectory = await mkdtemp(join(tmpdir(), 'highwater-crash-'));
});

afterEach(async () => {
  if (server?.child.exitCode === null && server.child.signalCode === null) await server.kill();
  server = undefined;
  await rm(dataDirectory, { recursive: true, force: true });
});

interface Answer {
  readonly data?: Record<string, unknown> | null;
  readonly errors?: readonly object[];
}

async function ask(url: string, query: string, variables: object): Promise<Answer> {
  const secret = await readFile(join(dataDirectory, 'jwt-secret'), 'utf8');
  const token = await createTokens(secret, Date.now).issue({ userId: 'ada' }, 600);
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ query, variables }),
  });
  return (await response.json()) as Answer;
}

const send = (url: string, messageId: string) =>
  ask(url, documents.sendMessage, { input: { groupId: 'g', messageId, text: `text of ${messageId}` } });

async function createGroup(url: string): Promise<void> {
  const { errors } = await ask(url, documents.createGroup, { input: { groupId: 'g', name: 'g' } });
  expect(errors).toBeUndefined();
}

/** Ids of the whole timeline, in order. */
async function timeline(url: string, atLeast?: string): Promise<string[]> {
  const ids: string[] = [];
  for (let after: string | null = null; ; ) {
    const { data } = await ask(url, documents.timelinePage, {
      id: 'g',
      first: 200,
      after,
      ...(atLeast && { atLeast }),
    });
    const { timeline: page } = (
      data as {
        group: {
          timeline: { edges: { node: { messageId: string } }[]; pageInfo: { hasNextPage: boolean; endCursor: string } };
        };
      }
    ).group;
    ids.push(...page.edges.map(({ node }) => node.messageId));
    if (!page.pageInfo.hasNextPage) return ids;
    after = page.pageInfo.endCursor;
  }
}

it('loses nothing acknowledged and doubles nothing when it is killed while messages are sent', async () => {
  const acknowledged = new Set<string>();
  const tried: string[] = [];
  for (let round = 0; round < 4; round += 1) {
    server = await startServerProcess(dataDirectory);
    const { url } = server;
    if (round === 0) await createGroup(url);
    let killed = false;
    let sent = 0;
    const client = async (name: number) => {
      for (let index = 0; !killed; index += 1) {
        const id = `r${round}-c${name}-${index}`;
        tried.push(id);
        try {
          if ((await send(url, id)).errors === undefined) acknowledged.add(id);
        } catch {
          return;
        }
        sent += 1;
        if (sent === 40 * (round + 1)) {
          killed = true;
          await server?.kill();
        }
      }
    };
    await Promise.all(Array.from({ length: 8 }, (_, name) => client(name)));
  }
  server = await startServerProcess(dataDirectory);
  const after = await timeline(server.url);
  expect(after.filter((id) => acknowledged.has(id)).sort()).toEqual([...acknowledged].sort());
  // A client that got no answer sends the same again: what was stored is not stored twice.
  for (const id of tried) expect((await send(server.url, id)).errors).toBeUndefined();
  const { data } = await send(server.url, tried[0] ?? '');
  const all = await timeline(server.url, (data as { sendMessage: { position: string } }).sendMessage.position);
  expect(all.length).toBe(tried.length);
  expect(new Set(all)).toEqual(new Set(tried));
}, 60_000);

it('builds the read models again when their file is damaged, and when it is gone', async () => {
  server = await startServerProcess(dataDirectory);
  await createGroup(server.url);
  await send(server.url, 'm1');
  await server.kill();
  for (const spoil of [(file: string) => writeFile(file, 'no database at all'), (file: string) => rm(file)]) {
    const file = servedFile(dataDirectory);
    await spoil(file);
    await Promise.all(['-wal', '-shm'].map((suffix) => rm(`${file}${suffix}`, { force: true })));
    server = await startServerProcess(dataDirectory);
    expect(await timeline(server.url)).toEqual(['m1']);
    await server.kill();
  }
}, 30_000);

it('refuses a second process on the same data directory, and says so', async () => {
  server = await startServerProcess(dataDirectory);
  const second = await highwater('serve', '--data', dataDirectory, '--port', '0');
  expect(second.code).toBe(1);
  expect(second.errors).toContain(`the data directory ${dataDirectory} is in use by process ${server.child.pid}`);
});

it('refuses a log of a newer version and leaves it as it was', async () => {
  server = await startServerProcess(dataDirectory);
  await createGroup(server.url);
  const ended = new Promise((resolve) => server?.child.once('exit', resolve));
  server.child.kill('SIGTERM');
  expect(await ended).toBe(0);
  const file = join(dataDirectory, 'log.db');
  const database = new DatabaseSync(file);
  database.exec('PRAGMA user_version = 999; PRAGMA wal_checkpoint(TRUNCATE);');
  database.close();
  const digest = async () =>
    createHash('sha256')
      .update(await readFile(file))
      .digest('hex');
  const before = await digest();
  const refused = await highwater('serve', '--data', dataDirectory, '--port', '0');
  expect(refused.code).toBe(1);
  expect(refused.errors).toContain('has version 999');
  expect(await digest()).toBe(before);
}, 30_000);

it('prints a token that the server of the same data directory accepts', async () => {
  const { output, code } = await highwater('token', '--user', 'bob', '--data', dataDirectory);
  expect(code).toBe(0);
  server = await startServerProcess(dataDirectory);
  const response = await fetch(`${server.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${output.trim()}` },
    body: JSON.stringify({ query: '{ me { userId } }' }),
  });
  expect(await response.json()).toEqual({ data: { me: { userId: 'bob' } } });
});
