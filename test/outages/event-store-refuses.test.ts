import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { serve } from '../../src/processes/serve.ts';
import { startScriptedCluster } from '../../torture/scripted/cluster.ts';
import { type ScriptedServer, startScriptedServer } from '../../torture/scripted/server.ts';
import { selfSigned } from '../adapters/eventstoredb/self-signed.ts';
import { freePort } from './free-port.ts';

/** What waiting does not mend is said once, in a sentence, and by /ready: while it goes on, and however it has come about. */

interface Line {
  readonly level: number;
  readonly msg: string;
  readonly reason?: string;
  readonly err?: unknown;
}

let directory: string;
let port: number;
let lines: Line[];
const closing: (() => unknown)[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'highwater-refused-'));
  port = await freePort();
  lines = [];
});
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
  await rm(directory, { recursive: true, force: true });
});

/** A process on an event store; resolves once it serves. */
function start(url: string) {
  const config = readConfig({
    HIGHWATER_DATA: directory,
    HIGHWATER_PORT: String(port),
    HIGHWATER_EVENTSTORE_URL: url,
    HIGHWATER_JWT_SECRET: 'a secret that is long enough for tests of outages',
  });
  const logger = pino({ level: 'info' }, { write: (line: string) => void lines.push(JSON.parse(line)) });
  const waiting = new AbortController();
  const starting = serve(config, { logger, signal: waiting.signal });
  closing.push(async () => {
    waiting.abort();
    const started = await starting.catch(() => undefined);
    await started?.close();
  });
  return starting;
}

async function ready(): Promise<{ readonly status: number; readonly reason: string | undefined }> {
  const response = await fetch(`http://127.0.0.1:${port}/ready`);
  const { reason } = (await response.json()) as { reason?: string };
  return { status: response.status, reason };
}

const isServed = () => expect.poll(ready, { timeout: 10_000 }).toEqual({ status: 200, reason: undefined });
const isRefused = (reason: RegExp) =>
  expect.poll(ready, { timeout: 10_000 }).toEqual({ status: 503, reason: expect.stringMatching(reason) });

/** The warnings and errors so far: one, and no stack. */
function expectOneLine(reason: RegExp): void {
  const told = lines.filter(({ level }) => level >= 40);
  expect(told).toEqual([
    expect.objectContaining({ msg: 'waiting for the event store', reason: expect.stringMatching(reason) }),
  ]);
  expect(told[0]).not.toHaveProperty('err');
}

async function listen(...options: Parameters<typeof startScriptedServer>): Promise<ScriptedServer> {
  const server = await startScriptedServer(...options);
  closing.push(() => server.stop());
  return server;
}

const denied = /denied access while reading the log: are the URL's credentials right\?$/;

test('wrong credentials at the start, until they are right', { timeout: 30_000 }, async () => {
  const server = await listen();
  server.denyAccess();
  const starting = start(`esdb://admin:wrong@127.0.0.1:${server.port}?tls=false`);
  await isRefused(denied);
  // Both the start and the projector have asked at least three times.
  await expect.poll(() => server.readsSeen(), { timeout: 10_000 }).toBeGreaterThan(5);
  expectOneLine(denied);
  server.grantAccess();
  await starting;
  await isServed();
  expectOneLine(denied);
});

test('credentials that are refused from some moment on, until they are right', { timeout: 30_000 }, async () => {
  const server = await listen();
  await start(`esdb://admin:changeit@127.0.0.1:${server.port}?tls=false`);
  await isServed();
  server.denyAccess();
  await isRefused(denied);
  const seen = server.deniedSeen();
  await expect.poll(() => server.deniedSeen(), { timeout: 10_000 }).toBeGreaterThan(seen + 3);
  expectOneLine(denied);
  server.grantAccess();
  await isServed();
  expectOneLine(denied);
  expect(lines.at(-1)?.msg).toBe('the event store’s subscription goes on');
});

const stranger = /is not to be trusted while reading the log: .*self-signed certificate.*tlsCAFile/;
const another = /is not to be trusted while reading the log: .*altnames: IP: 127\.0\.0\.1 is not in the cert's list/;

test.each([
  ['an authority that nobody has named', '127.0.0.1', '', stranger],
  ['a certificate for another address', '127.0.0.2', 'authority.pem', another],
])('%s, by a single node and by a cluster', { timeout: 30_000 }, async (_, subject, authority, reason) => {
  const certificate = selfSigned(subject);
  await writeFile(join(directory, 'authority.pem'), certificate.certificate);
  const settings = authority === '' ? '' : `?tlsCAFile=${join(directory, authority)}`;
  const server = await listen({ tls: certificate });
  const cluster = await startScriptedCluster(3, certificate);
  closing.push(() => cluster.stop());
  const nodes = cluster.nodes.map((node) => `127.0.0.1:${node.port}`).join(',');
  for (const hosts of [`127.0.0.1:${server.port}`, nodes]) {
    lines = [];
    void start(`esdb://admin:changeit@${hosts}${settings}`).catch(() => {});
    await isRefused(reason);
    await isRefused(reason);
    expectOneLine(reason);
    await closing.pop()?.();
  }
});

test('a server that does not speak TLS, though it was to', async () => {
  const server = await listen();
  void start(`esdb://admin:changeit@127.0.0.1:${server.port}`).catch(() => {});
  await isRefused(/does not speak TLS: tls=false/);
  expectOneLine(/does not speak TLS: tls=false/);
});
