import { basename } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';

/** A writer's thread that stores nothing, and ends at its first message as the name of the log's file says. */
const endings: Readonly<Record<string, () => void>> = {
  throws() {
    throw new Error('it threw');
  },
  rejects: () => void Promise.reject(new Error('it rejected')),
  exits: () => process.exit(3),
  'runs out of heap'() {
    for (const kept: number[][] = []; ; ) kept.push(Array.from({ length: 100_000 }, (_, index) => index + kept.length));
  },
  'answers short'() {
    // It would go on for ever: only who reads its answer can tell that nothing more is to be had of it.
    setInterval(() => {}, 60_000);
    parentPort?.postMessage({ kind: 'committed', outcomes: [0], at: 0 });
  },
};
parentPort?.once('message', () => endings[basename(workerData.file)]?.());
parentPort?.postMessage({ kind: 'opened' });
