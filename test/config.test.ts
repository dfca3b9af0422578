import { describe, expect, test } from 'vitest';
import { ConfigInvalid, readConfig } from '../src/config.ts';

const servers = {
  HIGHWATER_EVENTSTORE_URL: 'esdb://127.0.0.1:2113?tls=false',
  HIGHWATER_MONGODB_URL: 'mongodb://127.0.0.1:27017/highwater',
};
const secret = { HIGHWATER_JWT_SECRET: 'x'.repeat(32) };

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

  test.each([
    ['a port that is none', { HIGHWATER_PORT: '70000' }, 'HIGHWATER_PORT'],
    ['a key that is too short', { HIGHWATER_JWT_SECRET: 'short' }, 'HIGHWATER_JWT_SECRET'],
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
  ])('with %s is refused by the name of the variable', (_, environment, named) => {
    expect(() => readConfig(environment)).toThrow(ConfigInvalid);
    expect(() => readConfig(environment)).toThrow(named);
  });

  test('of a process of one role on shared servers is accepted', () => {
    expect(readConfig({ HIGHWATER_ROLE: 'api', ...servers, ...secret }).role).toBe('api');
    expect(readConfig({ HIGHWATER_ROLE: 'projector', ...servers }).role).toBe('projector');
    const discovered = { ...servers, HIGHWATER_EVENTSTORE_URL: 'esdb+discover://admin:secret@a:2113,b:2113' };
    expect(readConfig({ HIGHWATER_ROLE: 'projector', ...discovered }).eventStoreUrl).toContain('discover');
  });
});
