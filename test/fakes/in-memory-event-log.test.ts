import { eventLogContract } from '../contract/event-log-contract.ts';
import { createInMemoryEventLog } from './in-memory-event-log.ts';

eventLogContract('memory', async () => {
  const log = createInMemoryEventLog();
  return { log, reopen: async () => log, teardown: () => log.close() };
});
