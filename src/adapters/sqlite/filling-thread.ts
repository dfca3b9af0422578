import { parentPort, workerData } from 'node:worker_threads';
import { type FillingMessage, type FillingReply, packError } from './filling-messages.ts';
import { type Commits, openCommits } from './open-commits.ts';

/**
 * The thread that commits while a build is filled: it owns the one connection that writes. Where its file cannot be opened,
 * every commit is answered with that.
 */
if (parentPort === null) throw new Error('filling-thread.ts runs as a worker thread');
const port = parentPort;
const { file } = workerData as { readonly file: string };

let opened: Commits | undefined;

function commit({ groups, checkpoint }: FillingMessage & { kind: 'commit' }): FillingReply {
  try {
    opened ??= openCommits(file);
    opened.commit(groups, checkpoint);
    return { kind: 'committed' };
  } catch (error) {
    return { kind: 'failed', failure: packError(error) };
  }
}

port.on('message', (message: FillingMessage) => {
  if (message.kind === 'commit') {
    port.postMessage(commit(message));
    return;
  }
  opened?.close();
  port.close();
});
