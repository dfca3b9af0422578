import { parentPort, workerData } from 'node:worker_threads';
import { openSqliteEventLogReader } from '../../../../src/adapters/sqlite/event-log.ts';
import { startOfLog } from '../../../../src/ports/event-log.ts';

/** Follows the log in workerData in a thread of its own, and posts every batch. A message to it ends it. */
const log = await openSqliteEventLogReader({ file: workerData });
const abort = new AbortController();
parentPort?.once('message', () => abort.abort());
for await (const batch of log.subscribe(startOfLog, abort.signal)) parentPort?.postMessage(batch);
await log.close();
