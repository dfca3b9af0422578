import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { writeHistory } from '../../bench/history.ts';
import { readConfig } from '../../src/config.ts';
import type { Build } from '../../src/ports/read-model-builds.ts';
import { createLogger } from '../../src/processes/logger.ts';
import { type OpenBuilds, openBuilds } from '../../src/processes/open-builds.ts';
import { createTokens } from '../../src/rights/tokens.ts';
import { highwater, type ServerProcess, startServerProcess } from './process.ts';

/** `highwater rebuild` and `highwater builds`, as processes beside one that serves. */

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const secret = 'a secret that is long enough for a rebuild';
const events = 3_000;
const patience = { timeout: 60_000 };

let data: string;
let server: ServerProcess;
/** The builds as this process sees them. */
let opened: OpenBuilds;

beforeAll(async () => {
  data = mkdtempSync(join(tmpdir(), 'highwater-rebuild-'));
  writeHistory({ file: join(data, 'log.db'), events, largeGroup: 20, smallGroups: 3, smallGroup: 5 });
  server = await startServerProcess(data, [], { HIGHWATER_JWT_SECRET: secret });
  opened = await openBuilds(readConfig({ HIGHWATER_DATA: data }), createLogger({ logLevel: 'silent' }));
  // The first build is filled before anything is answered from it.
  const inbox = '{ inbox { edges { node { group { groupId } } } } }';
  await vi.waitFor(async () => expect((await ask(inbox)).errors).toBeUndefined(), patience);
}, patience.timeout);

afterAll(async () => {
  await opened.close();
  await server.kill();
  rmSync(data, { recursive: true, force: true });
});

async function ask(query: string, variables: object = {}) {
  const token = await createTokens(secret, Date.now).issue({ userId: 'user-0' }, 60);
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
  const body = JSON.stringify({ query, variables });
  return (await fetch(`${server.url}/graphql`, { method: 'POST', headers, body })).json() as Promise<{
    readonly data?: unknown;
    readonly errors?: readonly { readonly message: string }[];
  }>;
}

const command = (...args: readonly string[]) => highwater(...args, '--data', data);

const builds = (): Promise<readonly Build[]> => opened.builds.list();
const served = async (): Promise<string> =>
  (await builds()).find((build) => build.served)?.id ?? expect.fail('none is');
const ids = async (): Promise<readonly string[]> => (await builds()).map(({ id }) => id);

describe('beside a server', patience, () => {
  test('a look at a rebuild switches nothing; a rebuild does, and the server goes on with it', async () => {
    const before = await ids();
    const listed = await command('builds', '--json');
    expect([listed.code, JSON.parse(listed.output)]).toEqual([0, await builds()]);
    const look = await command('rebuild', '--dry-run', '--json');
    expect(look.code).toBe(0);
    expect(JSON.parse(look.output)).toMatchObject({
      outcome: 'compared',
      before: before[0],
      comparison: { groups: 4, differences: [] },
    });
    expect(await ids()).toEqual(before);

    const { code, output } = await command('rebuild');
    expect(code).toBe(0);
    const [first = ''] = output.split('\n');
    const build =
      /^Build (\S+) was filled from 3000 events in [\d.]+ s, \d+\/s; all took [\d.]+ s\.$/.exec(first)?.[1] ??
      expect.fail(first);
    expect(output).toContain(`Compared with build ${before[0]}: 4 groups, row by row (group 4, `);
    expect(output).toContain(`Build ${build} is served now. Build ${before[0]} is kept.\n`);
    expect(await builds()).toMatchObject([
      { id: before[0], served: false },
      { id: build, served: true },
    ]);

    const input = { groupId: 'group-large', messageId: 'after', text: 'after the rebuild' };
    const sent = await ask('mutation ($input: SendMessageInput!) { sendMessage(input: $input) { position } }', {
      input,
    });
    const { position } = (sent.data as { sendMessage: { position: string } }).sendMessage;
    const message =
      'query ($atLeast: Position) { message(groupId: "group-large", messageId: "after", atLeast: $atLeast) { text } }';
    expect(await ask(message, { atLeast: position })).toEqual({ data: { message: { text: 'after the rebuild' } } });
    const written = async () => (await builds()).find(({ id }) => id === build)?.checkpoint.position;
    await expect.poll(written, patience).toBeGreaterThanOrEqual(Number(position));
  });

  test('a build that was replaced is served again, or discarded, by its name; what cannot be is refused in a sentence', async () => {
    const build = await served();
    const kept = (await ids()).filter((id) => id !== build);
    const refused = await command('builds', '--discard', build);
    expect(refused).toMatchObject({ code: 1, output: '', errors: `highwater: build ${build} is served\n` });
    const unknown = await command('builds', '--discard', 'never-made');
    expect(unknown).toMatchObject({ code: 1, output: '', errors: 'highwater: there is no build never-made\n' });
    for (const id of kept) {
      expect((await command('builds', '--serve', id)).code).toBe(0);
      expect(await served()).toBe(id);
      expect((await command('builds', '--serve', build)).code).toBe(0);
      expect((await command('builds', '--discard', id)).code).toBe(0);
    }
    expect(await ids()).toEqual([build]);
  });

  test('an interrupt ends a rebuild, says so, and leaves nothing', async () => {
    const before = await ids();
    const child = spawn(process.execPath, [main, 'rebuild', '--data', data], { stdio: ['ignore', 'ignore', 'pipe'] });
    onTestFinished(() => void child.kill('SIGKILL'));
    let errors = '';
    child.stderr.on('data', (chunk) => {
      errors += chunk;
    });
    const ended = once(child, 'close');
    const files = () => readdirSync(join(data, 'read-models')).filter((name) => name.endsWith('.db')).length;
    await expect.poll(files, { ...patience, interval: 5 }).toBe(before.length + 1);
    child.kill('SIGINT');
    expect((await ended)[0]).toBe(130);
    expect(errors).toContain('Interrupted. Nothing was switched, and the unfinished build is discarded.');
    expect(await ids()).toEqual(before);
  });

  test('a second rebuild is refused in a sentence', async () => {
    const before = await ids();
    const id = await opened.builds.create();
    const writer = await opened.builds.openWriter(id, new AbortController().signal);
    const { code, errors } = await command('rebuild', '--dry-run');
    expect(code).toBe(1);
    expect(errors).toMatch(new RegExp(`^highwater: another build is being filled: ${id}, begun at \\S+Z\n$`));
    await writer.close();
    await opened.builds.discard(id);
    expect(await ids()).toEqual(before);
  });

  test('what differs is listed without what people wrote, nothing is switched, and the exit code says so', async () => {
    const build = await served();
    const database = new DatabaseSync(join(data, 'read-models', `${build}.db`), { timeout: 5_000 });
    database.exec(
      "UPDATE messages SET text = 'never said' WHERE message_key = (SELECT min(message_key) FROM messages WHERE text IS NOT NULL)",
    );
    database.close();
    const { code, output } = await command('rebuild');
    expect(code).toBe(1);
    expect(output).toMatch(
      / {2}group group-\S+: message \S+, text: served 10 characters, SHA-256 \w{16}…, new \d+ characters/,
    );
    expect(output).toMatch(/The builds differ: nothing was switched, and build \S+ is discarded\./);
    expect(output).not.toContain('never said');
    expect(await served()).toBe(build);
    expect(await ids()).toHaveLength(1);
  });
});

test('where there is no log, that is said in a sentence', patience, async () => {
  const { code, output, errors } = await highwater('rebuild', '--data', join(data, 'nothing'));
  expect({ code, output, errors }).toEqual({
    code: 1,
    output: '',
    errors: `highwater: there is no event log in the data directory ${join(data, 'nothing')}\n`,
  });
});
