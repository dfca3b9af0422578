import { env } from 'node:process';
import { afterAll, beforeAll } from 'vitest';
import { openEventStoreLog } from '../../../src/adapters/eventstoredb/event-log.ts';
import type { EventLog } from '../../../src/ports/event-log.ts';
import { eventLogContract } from '../../contract/event-log-contract.ts';
import { startWireServer, type WireServer } from '../../servers/wire-server.ts';

// A real server, where one is named, with whatever it holds; it has to be there.
const realServer = env['HIGHWATER_EVENTSTORE_URL'];
let wireServer: WireServer | undefined;

beforeAll(async () => {
  if (realServer === undefined) wireServer = await startWireServer();
});
afterAll(() => wireServer?.stop());

eventLogContract(realServer === undefined ? 'EventStoreDB, our server' : 'EventStoreDB, a real server', async () => {
  const opened: EventLog[] = [];
  const open = async () => {
    const log = await openEventStoreLog({ url: realServer ?? wireServer?.url ?? '' });
    opened.push(log);
    return log;
  };
  const log = await open();
  return {
    log,
    reopen: async () => {
      await log.close();
      return open();
    },
    teardown: async () => {
      await Promise.all(opened.map((one) => one.close()));
    },
  };
});
