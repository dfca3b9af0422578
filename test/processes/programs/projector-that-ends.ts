import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import type { ProjectorFailure, ProjectorMessage } from '../../../src/processes/projector-thread.ts';

/**
 * A projector's thread that ends as the first line of its "log" says, and takes that line off. Without a line it goes on
 * until it is told to stop.
 */
const endingsFile = join(workerData.dataDirectory, 'endings');
const [ending, ...rest] = readFileSync(endingsFile, 'utf8').split('\n');
writeFileSync(endingsFile, rest.join('\n'));
const port = parentPort;
const tell = (message: ProjectorMessage | ProjectorFailure) => port?.postMessage(message);

const endings: Readonly<Record<string, () => void>> = {
  throws() {
    throw new Error('it threw');
  },
  'throws nothing'() {
    throw undefined;
  },
  rejects: () => void Promise.reject(new Error('it rejected')),
  exits: () => process.exit(3),
  'runs out of heap'() {
    for (const kept: number[][] = []; ; ) kept.push(Array.from({ length: 100_000 }, (_, index) => index + kept.length));
  },
  'finds another log': () => tell({ kind: 'not-in-log', reason: 'the read models are of another log' }),
  'is silent': () => {},
};

if (ending === 'throws at once') throw new Error('it could not open');
tell({ type: 'build', build: 'first', serving: true });
// In a turn of its own, so that the word is on its way.
if (ending !== undefined && ending !== '') setTimeout(() => endings[ending]?.(), 1);
else port?.once('message', () => port.close());
