import { once } from 'node:events';
import { createServer } from 'node:net';
import { EventStoreDBClient, START } from '@eventstore/db-client';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openSqliteEventLog } from '../../src/adapters/sqlite/event-log.ts';
import { temporaryDirectory } from '../adapters/sqlite/temporary-directory.ts';
import { highwater, startProcess } from '../cli/process.ts';
import { numbered, unary } from './wire-client.ts';

describe('highwater eventstore', () => {
  test('serves a data directory, and ends in order on SIGTERM with a subscription open', async () => {
    const data = temporaryDirectory();
    const server = await startProcess(['eventstore', '--data', data, '--port', '0'], {});
    expect(server.url).toMatch(/^esdb:\/\/127\.0\.0\.1:\d+\?tls=false$/);
    const client = EventStoreDBClient.connectionString([server.url] as unknown as TemplateStringsArray);
    onTestFinished(() => client.dispose());
    const appended = await client.appendToStream('group-1', [numbered(1)], unary);
    expect(appended.nextExpectedRevision).toBe(0n);
    const subscription = client.subscribeToAll({ fromPosition: START });
    const failed = once(subscription, 'error');
    await once(subscription, 'caughtUp');
    const ended = once(server.child, 'exit');
    server.child.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
    expect((await failed)[0]).toMatchObject({ type: 'unavailable' });

    const log = await openSqliteEventLog({ file: `${data}/log.db` });
    onTestFinished(() => log.close());
    expect(await log.readStream('group-1', 0, 10)).toMatchObject([{ type: 'Numbered', data: '{"n":1}' }]);
  });

  test('says in a sentence that the data directory or the port is somebody else’s', async () => {
    const data = temporaryDirectory();
    const server = await startProcess(['eventstore', '--data', data, '--port', '0'], {});
    onTestFinished(() => server.kill());
    const locked = await highwater('eventstore', '--data', data, '--port', '0');
    expect(locked).toMatchObject({ code: 1, errors: expect.stringContaining('is in use by process') });

    const taken = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void taken.close());
    await once(taken, 'listening');
    const address = taken.address();
    const port = typeof address === 'object' ? String(address?.port) : '';
    const refused = await highwater('eventstore', '--data', temporaryDirectory(), '--port', port);
    expect(refused).toMatchObject({ code: 1, errors: expect.stringContaining('highwater: cannot listen on') });
  });
});
