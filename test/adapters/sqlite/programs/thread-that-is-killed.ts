import { parentPort, workerData } from 'node:worker_threads';
import { openCommits } from '../../../../src/adapters/sqlite/open-commits.ts';

/**
 * A thread that commits, and with it its process is killed at the commit whose number is in FATAL_COMMIT: when the
 * environment's FATAL_MOMENT says, "before" it, "within" it, when its rows are written and its checkpoint is not, or
 * "after" it, before anybody hears of it.
 */
const { FATAL_COMMIT: fatal = '0', FATAL_MOMENT: moment } = process.env;
const commits = openCommits(workerData.file);
const { database } = commits;
let left = Number(fatal);

function die(): number {
  process.kill(process.pid, 'SIGKILL');
  return 0;
}

/** So that the file's WAL holds a part of what is never committed. */
function dieWithin(): void {
  database.exec('PRAGMA cache_size = 1');
  database.function('die', die);
  database.exec('CREATE TEMP TRIGGER fatal BEFORE UPDATE ON main.progress BEGIN SELECT die(); END');
}

parentPort?.on('message', (message) => {
  if (message.kind === 'close') {
    commits.close();
    parentPort?.close();
    return;
  }
  left -= 1;
  if (left === 0 && moment === 'before') die();
  if (left === 0 && moment === 'within') dieWithin();
  commits.commit(message.groups, message.checkpoint);
  if (left === 0 && moment === 'after') die();
  parentPort?.postMessage({ kind: 'committed' });
});
