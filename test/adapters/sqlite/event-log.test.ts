import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqliteEventLog } from '../../../src/adapters/sqlite/event-log.ts';
import { eventLogContract } from '../../contract/event-log-contract.ts';

eventLogContract('SQLite', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'highwater-log-'));
  let log = await openSqliteEventLog({ file: join(directory, 'log.db') });
  const reopen = async () => {
    await log.close();
    log = await openSqliteEventLog({ file: join(directory, 'log.db') });
    return log;
  };
  return { log, reopen, teardown: () => log.close().then(() => rm(directory, { recursive: true })) };
});
