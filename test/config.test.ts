import { describe, expect, test } from 'vitest';
import { ConfigInvalid, readConfig } from '../src/config.ts';

const servers = {
  HIGHWATER_EVENTSTORE_URL: 'esdb://127.0.0.1:2113?tls=false',
  HIGHWATER_MONGODB_URL: 'mongodb://127.0.0.1:27017/highwater',
};
const secret = { HIGHWATER_JWT_SECRET: 'x'.repeat(32) };

/** What is wrong, the variables, and what the refusal says. */
type Case = readonly [string, NodeJS.ProcessEnv, string];

const refused: readonly Case[] = [
  ...['', ' ', '70000', '4000abc', '0x50', '4e3', '-1', '4000.0', ' 4000'].map(
    (port): Case => [`the port ${JSON.stringify(port)}`, { HIGHWATER_PORT: port }, 'HIGHWATER_PORT must be a port'],
  ),
  ...['', 'two words', 'http://localhost'].map(
    (host): Case => [`the host ${JSON.stringify(host)}`, { HIGHWATER_HOST: host }, 'HIGHWATER_HOST must be'],
  ),
  ...['*', 'null', 'example.com', 'https://example.com/', 'https://a.example,ftp://b.example', 'https://A.example'].map(
    (origins): Case => [
      `the origins ${origins}`,
      { HIGHWATER_ALLOWED_ORIGINS: origins },
      'HIGHWATER_ALLOWED_ORIGINS must be',
    ],
  ),
  ['an empty data directory', { HIGHWATER_DATA: '' }, 'HIGHWATER_DATA must not be empty'],
  ['an empty key', { HIGHWATER_JWT_SECRET: '' }, 'HIGHWATER_JWT_SECRET must be at least 32 bytes long'],
  ['a key of 31 bytes', { HIGHWATER_JWT_SECRET: 'x'.repeat(31) }, 'HIGHWATER_JWT_SECRET'],
  ['an event store without a host', { HIGHWATER_EVENTSTORE_URL: 'esdb://?tls=false' }, 'HIGHWATER_EVENTSTORE_URL'],
  ['a MongoDB without a host', { HIGHWATER_MONGODB_URL: 'mongodb:///highwater' }, 'HIGHWATER_MONGODB_URL'],
  ['a role that is none', { HIGHWATER_ROLE: 'writer' }, 'HIGHWATER_ROLE'],
  ['an event store over HTTP', { HIGHWATER_EVENTSTORE_URL: 'http://127.0.0.1:2113' }, 'HIGHWATER_EVENTSTORE_URL'],
  ['a MongoDB over HTTP', { HIGHWATER_MONGODB_URL: 'http://127.0.0.1' }, 'HIGHWATER_MONGODB_URL'],
  ['an API process on embedded stores', { HIGHWATER_ROLE: 'api', ...secret }, 'needs HIGHWATER_EVENTSTORE_URL'],
  [
    'a projector without MongoDB',
    { HIGHWATER_ROLE: 'projector', HIGHWATER_EVENTSTORE_URL: servers.HIGHWATER_EVENTSTORE_URL },
    'needs HIGHWATER_MONGODB_URL',
  ],
  ['an API process without a key', { HIGHWATER_ROLE: 'api', ...servers }, 'needs HIGHWATER_JWT_SECRET'],
];

describe('the environment', () => {
  test('of nothing is an embedded process that does everything', () => {
    expect(readConfig({})).toMatchObject({
      role: 'all',
      port: 4000,
      host: '127.0.0.1',
      eventStoreUrl: undefined,
      mongoUrl: undefined,
    });
  });

  test('is overridden by the command line', () => {
    const config = readConfig({ HIGHWATER_PORT: '1', HIGHWATER_ROLE: 'api', ...servers }, { port: '2', role: 'all' });
    expect([config.port, config.role]).toEqual([2, 'all']);
  });

  test.each(refused)('with %s is refused by the name of the variable', (_, environment, named) => {
    expect(() => readConfig(environment)).toThrow(ConfigInvalid);
    expect(() => readConfig(environment)).toThrow(named);
  });

  test('may hold a key whose 32 bytes are fewer characters, and several origins or none', () => {
    expect(readConfig({ HIGHWATER_JWT_SECRET: 'é'.repeat(16) }).jwtSecret).toBe('é'.repeat(16));
    const origins = 'https://a.example, http://localhost:5173,';
    expect(readConfig({ HIGHWATER_ALLOWED_ORIGINS: origins }).allowedOrigins).toEqual([
      'https://a.example',
      'http://localhost:5173',
    ]);
    expect(readConfig({ HIGHWATER_ALLOWED_ORIGINS: '' }).allowedOrigins).toEqual([]);
  });

  test('is refused in one line that names every variable and tells no secret', () => {
    const environment = {
      HIGHWATER_PORT: 'x',
      HIGHWATER_JWT_SECRET: 'hush',
      HIGHWATER_MONGODB_URL: 'http://ada:hush@h',
    };
    expect(() => readConfig(environment)).toThrow(
      /^HIGHWATER_PORT [^\n]*; HIGHWATER_JWT_SECRET [^\n]*; HIGHWATER_MONGODB_URL /,
    );
    expect(() => readConfig(environment)).not.toThrow('hush');
  });

  test('of a process of one role on shared servers is accepted', () => {
    expect(readConfig({ HIGHWATER_ROLE: 'api', ...servers, ...secret }).role).toBe('api');
    expect(readConfig({ HIGHWATER_ROLE: 'projector', ...servers }).role).toBe('projector');
    for (const scheme of [
      'esdb',
      'esdb+discover',
      'kurrentdb',
      'kurrentdb+discover',
      'kurrent',
      'kdb',
      'kdb+discover',
    ]) {
      const given = { ...servers, HIGHWATER_EVENTSTORE_URL: `${scheme}://admin:secret@a:2113` };
      expect(readConfig({ HIGHWATER_ROLE: 'projector', ...given }).eventStoreUrl).toContain(scheme);
    }
  });
});
