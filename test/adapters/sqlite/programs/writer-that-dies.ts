import { parentPort, workerData } from 'node:worker_threads';
import { createAppender } from '../../../../src/adapters/sqlite/append-transaction.ts';
import { openLogForWriting } from '../../../../src/adapters/sqlite/log-file.ts';

/** A writer's thread that commits the first appends it is sent, and dies before it can say so. */
const database = openLogForWriting(workerData.file, undefined);
parentPort?.on('message', (message) => {
  createAppender(database)([message]);
  database.close();
  throw new Error('the writer died');
});
parentPort?.postMessage({ kind: 'opened' });
