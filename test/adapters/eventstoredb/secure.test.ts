import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openEventStoreLog } from '../../../src/adapters/eventstoredb/event-log.ts';
import { type EventLog, LogUnavailable, noStream } from '../../../src/ports/event-log.ts';
import { startScriptedCluster } from '../../../torture/scripted/cluster.ts';
import { type Certificate, startScriptedServer } from '../../../torture/scripted/server.ts';
import { appendedAt, marks, stored } from '../../contract/event-log-samples.ts';
import { selfSigned } from './self-signed.ts';

let directory: string;
const closing: (() => unknown)[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'highwater-tls-'));
});
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
  await rm(directory, { recursive: true, force: true });
});

async function listen(certificate: Certificate) {
  const server = await startScriptedServer({ tls: certificate });
  closing.push(() => server.stop());
  return server;
}

/** A log that trusts an authority, which of these certificates each is its own. */
async function openTrusting({ certificate }: Certificate, hosts: string): Promise<EventLog> {
  const file = join(directory, 'authority.pem');
  await writeFile(file, certificate);
  return open(`esdb://someone:p%40ss@${hosts}?tlsCAFile=${encodeURIComponent(file)}`);
}

async function open(url: string): Promise<EventLog> {
  const log = await openEventStoreLog({ url, deadlineMilliseconds: 2_000, settleMilliseconds: 500 });
  closing.push(() => log.close());
  return log;
}

async function appendAndRead(log: EventLog): Promise<void> {
  expect(appendedAt(await log.append('group-a', noStream, marks(0, 2))).version).toBe(1);
  expect(await stored(log, 'group-a')).toEqual(marks(0, 2));
}

describe('a secure server', () => {
  test('at a host name is reached, and gets the credentials of the connection string with every call', async () => {
    const certificate = selfSigned('localhost');
    const server = await listen(certificate);
    await appendAndRead(await openTrusting(certificate, `localhost:${server.port}`));
    expect([...server.authorizations]).toEqual([`Basic ${Buffer.from('someone:p@ss').toString('base64')}`]);
  });

  test('at an IP address is reached where its certificate is for that address', async () => {
    const certificate = selfSigned('127.0.0.1');
    const server = await listen(certificate);
    await appendAndRead(await openTrusting(certificate, `127.0.0.1:${server.port}`));
    expect([...server.authorizations]).toEqual([`Basic ${Buffer.from('someone:p@ss').toString('base64')}`]);
  });

  test.each([
    ['another address', '127.0.0.2'],
    ['a host name, be it of the same machine', 'localhost'],
  ])('at an IP address is refused where its certificate is for %s', async (_, subject) => {
    const certificate = selfSigned(subject);
    const server = await listen(certificate);
    const log = await openTrusting(certificate, `127.0.0.1:${server.port}`);
    const appending = log.append('group-a', noStream, marks(0, 1));
    await expect(appending).rejects.toThrow(LogUnavailable);
    await expect(appending).rejects.toThrow("IP: 127.0.0.1 is not in the cert's list");
    expect(server.appendsSeen()).toBe(0);
  });

  test.each(['127.0.0.1', 'localhost'])('at %s is refused where its authority is unknown', async (host) => {
    const server = await listen(selfSigned(host));
    const strangers = await openTrusting(selfSigned(host), `${host}:${server.port}`);
    const appending = strangers.append('group-a', noStream, marks(0, 1));
    await expect(appending).rejects.toThrow(LogUnavailable);
    await expect(appending).rejects.toThrow('self-signed certificate');
    const distrusting = await open(`esdb://${host}:${server.port}`);
    await expect(distrusting.append('group-a', noStream, marks(0, 1))).rejects.toThrow('self-signed certificate');
    expect(server.appendsSeen()).toBe(0);
  });
});

describe('a secure cluster whose nodes advertise addresses', () => {
  test('is discovered by gossip and reached, also from seeds that are names', async () => {
    const certificate = selfSigned('127.0.0.1', 'localhost');
    const cluster = await startScriptedCluster(3, certificate);
    closing.push(() => cluster.stop());
    const [, second, third] = cluster.nodes;
    await appendAndRead(await openTrusting(certificate, `127.0.0.1:${second?.port},127.0.0.1:${third?.port}`));
    const named = await openTrusting(certificate, `localhost:${second?.port},localhost:${third?.port}`);
    expect(await stored(named, 'group-a')).toEqual(marks(0, 2));
    expect(cluster.leader().appendsSeen()).toBe(1);
  });

  test('is refused where the certificate is for other addresses', async () => {
    const certificate = selfSigned('localhost', '127.0.0.2');
    const cluster = await startScriptedCluster(3, certificate);
    closing.push(() => cluster.stop());
    const seeds = cluster.nodes.map(({ port }) => `localhost:${port}`).join(',');
    const log = await openTrusting(certificate, seeds);
    const appending = log.append('group-a', noStream, marks(0, 1));
    await expect(appending).rejects.toThrow(LogUnavailable);
    await expect(appending).rejects.toThrow("IP: 127.0.0.1 is not in the cert's list");
    expect(cluster.log.events).toEqual([]);
  });
});
