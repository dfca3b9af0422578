import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readConnectionString } from '../../../src/adapters/eventstoredb/connection-string.ts';
import { ConnectionStringRefused, openEventStoreLog } from '../../../src/adapters/eventstoredb/event-log.ts';
import { selfSigned } from './self-signed.ts';

let directory: string;
const own = selfSigned('localhost');
const file = (name: string): string => join(directory, name);

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'highwater-connection-string-'));
  writeFileSync(file('authority.pem'), own.certificate);
  writeFileSync(file('key.pem'), own.key);
  writeFileSync(file('other-key.pem'), selfSigned('localhost').key);
  writeFileSync(file('notes.txt'), 'where the certificate is to be put');
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const a = { address: 'a', port: 2113 };
const b = { address: 'b', port: 1 };

describe('a connection string', () => {
  test.each([
    ['esdb', ''],
    ['kurrentdb', ''],
    ['kurrent', ''],
    ['kdb', ''],
  ])('of the scheme %s names nodes, or with +discover one name of all', (scheme) => {
    const nodes = readConnectionString(`${scheme}://user:p%40ss@a,b:1/?tls=false`);
    expect(nodes).toMatchObject({ hosts: [a, b], isDiscovered: false, tls: undefined });
    expect(nodes.login).toEqual({ username: 'user', password: 'p@ss' });
    const name = readConnectionString(` ${scheme}+discover://a `);
    expect(name).toMatchObject({ hosts: [a], isDiscovered: true, tls: { authority: null } });
  });

  test('may have a slash before its settings, as in other URLs', () => {
    expect(readConnectionString('esdb://b:1,a/?connectionName=x/y/').hosts).toEqual([b, a]);
  });

  test('has settings for silent connections where it says nothing of them', () => {
    const usual = { keepAliveInterval: 10_000, keepAliveTimeout: 4_000, gossipTimeout: 2 };
    expect(readConnectionString('esdb://a').options).toMatchObject(usual);
    const given = 'esdb://u:p@a,b:1?tls=false&keep_alive_interval=20000&nodePreference=follower';
    expect(readConnectionString(given).options).toMatchObject({
      ...usual,
      keepAliveInterval: 20_000,
      nodePreference: 'follower',
    });
  });

  test('brings the files that it names', () => {
    const named = `tlsCAFile=${file('authority.pem')}&userCertFile=${file('authority.pem')}&userKeyFile=${file('key.pem')}`;
    const { tls } = readConnectionString(`esdb://a?${named}`);
    expect(tls?.authority?.toString()).toBe(own.certificate);
    expect(tls?.certificate?.toString()).toBe(own.certificate);
    expect(tls?.key?.toString()).toBe(own.key);
  });
});

describe('a connection string is refused in one sentence', () => {
  test.each([
    ['esdb', 'esdb+discover://admin:hush@a,b:1,c?tls=false'],
    ['kurrentdb', ' kurrentdb+discover://admin:hush@a,b:1,c/?tls=false'],
    ['esdb', 'esdb+discover://admin:hush@a,b:1,c'],
  ])('that discovers by several names, with the form that is meant: %s', async (scheme, url) => {
    const opening = openEventStoreLog({ url });
    await expect(opening).rejects.toThrow(ConnectionStringRefused);
    await expect(opening).rejects.toThrow(`are ${scheme}://a:2113,b:1,c:2113`);
    await expect(opening).rejects.not.toThrow('hush');
  });

  test('that says in a setting what its scheme would', async () => {
    const opening = openEventStoreLog({ url: 'esdb://a,b?dnsDiscover=true' });
    await expect(opening).rejects.toThrow('are esdb://a:2113,b:2113');
  });

  test.each([
    ['of another scheme', () => 'http://localhost', 'expected esdb://'],
    ['without a host', () => 'esdb://?tls=false', 'expected host'],
    ['with a port that is none', () => 'esdb://a:b', 'expected port number'],
    [
      'with an authority that is not there',
      () => `esdb://a?tlsCAFile=${file('none.pem')}`,
      'none.pem, cannot be read: no such file or directory',
    ],
    [
      'with an authority that is a directory',
      () => `esdb://a?tlsCAFile=${directory}`,
      'illegal operation on a directory',
    ],
    [
      'with an authority that is no certificate',
      () => `esdb://a?tlsCAFile=${file('notes.txt')}`,
      'notes.txt, holds no certificate',
    ],
    [
      'with a certificate that is not there',
      () => `esdb://a?userCertFile=${file('none.pem')}&userKeyFile=${file('key.pem')}`,
      'userCertFile',
    ],
    [
      'with a key that is not there',
      () => `esdb://a?userCertFile=${file('authority.pem')}&userKeyFile=${file('none')}`,
      'userKeyFile',
    ],
    ['with a certificate and no key', () => `esdb://a?userCertFile=${file('authority.pem')}`, 'belong together'],
    [
      'with a key of another certificate',
      () => `esdb://a?userCertFile=${file('authority.pem')}&userKeyFile=${file('other-key.pem')}`,
      'key values mismatch',
    ],
    [
      'with a setting out of bounds',
      () => 'esdb://a?keepAliveInterval=-7',
      'its keepAliveInterval must be at least -1',
    ],
  ])('%s', async (_, url, reason) => {
    const opening = openEventStoreLog({ url: url() });
    await expect(opening).rejects.toThrow(ConnectionStringRefused);
    await expect(opening).rejects.toThrow(reason);
  });
});
