import { Worker } from 'node:worker_threads';
import { ReadModelsCorrupt, WriterEnded } from '../../ports/read-models.ts';
import type { RowStore } from '../../ports/row-store.ts';
import { type FillingMessage, type FillingReply, unpackError } from './filling-messages.ts';
import { guarded, openForReading } from './read-model-file.ts';
import { prepareCheckpoint, prepareHaltedGroups } from './read-model-rows.ts';
import { createRowKeys } from './row-keys.ts';
import { prepareRowLoads } from './row-loads.ts';
import { valuesOf } from './row-values.ts';

const ownScript = new URL('./filling-thread.ts', import.meta.url);

/**
 * Rows of a build that is being filled: commits run on a thread of their own, one at a time, and what is loaded meanwhile is
 * read beside them as of the last commit. `onClosed` is called once nothing more is written. Each commit is a transaction
 * like any other, so that a crash leaves what was committed. Throws as `openForReading` does.
 */
export async function openFillingStore(file: string, onClosed: () => void, script = ownScript): Promise<RowStore> {
  const database = openForReading(file);
  const loads = prepareRowLoads(database, createRowKeys(database));
  const checkpoint = prepareCheckpoint(database);
  const halted = prepareHaltedGroups(database);
  const thread = startThread(file, script);

  return {
    checkpoint: async () => guarded(() => checkpoint() ?? noCheckpoint()),
    loadGroups: async (groupIds) => guarded(() => loads.groups(groupIds)),
    loadRows: async (wanted) => guarded(() => loads.rows(wanted)),
    commit: (groups, upTo) => thread.commit({ kind: 'commit', groups: groups.map(valuesOf), checkpoint: upTo }),
    haltedGroups: async () => guarded(halted),
    async close() {
      if (!database.isOpen) return;
      database.close();
      await thread.close();
      onClosed();
    },
  };
}

function noCheckpoint(): never {
  throw new ReadModelsCorrupt('the read models do not say how far they are');
}

interface FillingThread {
  commit(message: FillingMessage): Promise<void>;
  close(): Promise<void>;
}

function startThread(file: string, script: URL): FillingThread {
  // Its own execArgv: a flag of this process, such as a test runner's, may not suit a worker. Whoever profiles wants both threads.
  const profiling = process.execArgv.filter((flag) => flag.startsWith('--cpu-prof'));
  const worker = new Worker(script, { workerData: { file }, execArgv: ['--no-warnings', ...profiling] });
  let pending: { resolve(): void; reject(error: Error): void } | undefined;
  let ended: WriterEnded | undefined;
  let crash: unknown;

  worker.on('message', (reply: FillingReply) => {
    const answered = pending;
    pending = undefined;
    if (reply.kind === 'committed') answered?.resolve();
    else answered?.reject(unpackError(reply.failure));
  });
  worker.on('error', (error) => {
    crash = error;
  });
  const exited = new Promise<void>((resolve) => {
    worker.once('exit', (code) => {
      ended = new WriterEnded(`the thread that writes the read models has ended: ${crash ?? `exit code ${code}`}`);
      pending?.reject(ended);
      resolve();
    });
  });

  return {
    commit(message) {
      if (ended !== undefined) return Promise.reject(ended);
      return new Promise((resolve, reject) => {
        worker.postMessage(message);
        pending = { resolve, reject };
      });
    },
    async close() {
      worker.postMessage({ kind: 'close' } satisfies FillingMessage);
      await exited;
    },
  };
}
