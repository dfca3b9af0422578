import { BroadcastChannel, parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { startOfLog } from '../../ports/event-log.ts';
import { createAppender, type TransactionResult } from './append-transaction.ts';
import { openLogForWriting, positionsChannel } from './log-file.ts';
import { watchSameFiles } from './same-files.ts';
import type { AppendFailure, AppendMessage, WriterMessage, WriterOptions, WriterReply } from './writer-messages.ts';

/**
 * The writer's thread: it owns the one connection that writes, so that a wait for the disk or for a lock blocks nobody's
 * event loop. Everything that has arrived is committed together.
 */

/** A transaction takes in no further message past either bound, so that nobody waits long behind it. */
const maximumTransactionAppends = 5_000;
const maximumTransactionBytes = 16 * 1024 * 1024;

if (parentPort === null) throw new Error('event-log-writer.ts runs as a worker thread');
const port = parentPort;
const { file, maximumPageCount } = workerData as WriterOptions;

function reply(message: WriterReply): void {
  port.postMessage(message);
}

function open() {
  try {
    return openLogForWriting(file, maximumPageCount);
  } catch (error) {
    reply({ kind: 'notOpened', reason: String(error) });
    return undefined;
  }
}

const database = open();
if (database === undefined) port.close();
else serve(database);

function serve(database: NonNullable<ReturnType<typeof open>>): void {
  const appender = createAppender(database);
  const otherFile = watchSameFiles([file, `${file}-wal`]);
  otherFile();
  const positions = new BroadcastChannel(positionsChannel(file));
  positions.unref();
  let stopped: AppendFailure | undefined;
  let announced = startOfLog;

  /** What is committed into a file that nobody finds any more is not to be acknowledged. */
  function commit(messages: readonly AppendMessage[]): TransactionResult {
    const result = appender(messages);
    const gone = result.kind === 'committed' ? otherFile() : undefined;
    if (gone === undefined) return result;
    return { kind: 'failed', failure: { kind: 'unknown', reason: `${gone} was removed or replaced` }, stopped: true };
  }

  function append(messages: readonly AppendMessage[]): void {
    const appends = messages.reduce((sum, { streamNames }) => sum + streamNames.length, 0);
    if (stopped !== undefined) {
      reply({ kind: 'failed', appends, failure: stopped, stopped: true });
      return;
    }
    const result = commit(messages);
    if (result.kind === 'committed') {
      reply(result);
      if (result.newest > announced) positions.postMessage(result.newest);
      announced = result.newest;
      return;
    }
    if (result.stopped) stopped = { kind: 'unavailable', reason: `the log has stopped: ${result.failure.reason}` };
    reply({ kind: 'failed', appends, failure: result.failure, stopped: result.stopped });
  }

  port.on('message', (first: WriterMessage) => {
    const batch: AppendMessage[] = [];
    let appends = 0;
    let bytes = 0;
    let message: WriterMessage | undefined = first;
    while (message?.kind === 'append') {
      batch.push(message);
      appends += message.streamNames.length;
      bytes += message.bytes;
      const isFull = appends >= maximumTransactionAppends || bytes >= maximumTransactionBytes;
      message = isFull ? undefined : (receiveMessageOnPort(port)?.message as WriterMessage | undefined);
    }
    if (batch.length > 0) append(batch);
    if (message?.kind !== 'close') return;
    database.close();
    positions.close();
    port.close();
  });
  reply({ kind: 'opened' });
}
