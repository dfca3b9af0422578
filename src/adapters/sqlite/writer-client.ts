import { type ResourceLimits, Worker } from 'node:worker_threads';
import {
  type AppendResult,
  AppendUnknown,
  LogUnavailable,
  type RecordedEvent,
  startOfLog,
} from '../../ports/event-log.ts';
import type { LiveFeed } from '../following/live-feed.ts';
import {
  type Append,
  type AppendFailure,
  outcomeAppended,
  packAppends,
  unpackResult,
  type WriterMessage,
  type WriterOptions,
  type WriterReply,
} from './writer-messages.ts';

/** A message to the writer is sent before it grows past this. */
const maximumMessageBytes = 4 * 1024 * 1024;

/** The writer's thread as the rest of the process sees it. */
export interface Writer {
  append(append: Append, bytes: number): Promise<AppendResult>;
  /** Why it takes no append any more, if so. */
  refused(): string | undefined;
  /** Resolves once every append has been answered and the writing connection is closed. */
  close(): Promise<void>;
  /** Resolves once the thread has ended, whatever ended it. */
  readonly ended: Promise<void>;
}

interface PendingAppend extends Append {
  resolve(result: AppendResult): void;
  reject(error: Error): void;
}

/** Starts the thread and waits until its connection is open. Rejects with LogUnavailable. */
export async function startWriter(
  options: {
    readonly file: string;
    readonly maximumPageCount?: number;
    readonly writerScript?: URL;
    readonly writerLimits?: ResourceLimits;
  },
  feed: LiveFeed,
): Promise<Writer> {
  const script = options.writerScript ?? new URL('./event-log-writer.ts', import.meta.url);
  const workerData: WriterOptions = { file: options.file, maximumPageCount: options.maximumPageCount };
  // Its own execArgv: a flag of this process, such as a test runner's, may not suit a worker. And what Node warns of in it
  // would be printed as it is among the lines of the log.
  const worker = new Worker(script, {
    name: 'log-writer',
    workerData,
    execArgv: ['--no-warnings'],
    ...(options.writerLimits && { resourceLimits: options.writerLimits }),
  });
  await opened(worker, options.file);
  return createClient(worker, feed);
}

function opened(worker: Worker, file: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (reason: unknown) => reject(new LogUnavailable(`${file} cannot be opened for writing: ${reason}`));
    const ended = () => fail('its thread has ended');
    // For good: without a listener its error would be this process's. Once it is open, nothing here hears it any more.
    worker.on('error', fail);
    worker.once('exit', ended);
    worker.once('message', (message: WriterReply) => {
      worker.off('exit', ended);
      if (message.kind === 'opened') resolve();
      else fail(message.kind === 'notOpened' ? message.reason : message.kind);
    });
  });
}

function createClient(worker: Worker, feed: LiveFeed): Writer {
  /** Collected for the next message. */
  let waiting: PendingAppend[] = [];
  let waitingBytes = 0;
  /** Sent and not yet answered, in the order of sending, which is that of the answers. */
  let sent: PendingAppend[] = [];
  let refusal: string | undefined;
  let closing: Promise<void> | undefined;

  const post = (message: WriterMessage): void => worker.postMessage(message);

  let crash: unknown;

  /**
   * Runs a part of the conversation with the thread. What that throws must not end the process, and what has gone wrong
   * once cannot be gone on with: it ends the thread, and whoever waits for an answer gets one at its exit.
   */
  function orEnd(part: () => void): void {
    try {
      part();
    } catch (error) {
      crash ??= error;
      void worker.terminate();
    }
  }

  /** One message for everything appended in one turn of the event loop. */
  function send(): void {
    if (waiting.length === 0) return;
    post(packAppends(waiting, waitingBytes));
    sent = sent.length === 0 ? waiting : sent.concat(waiting);
    waiting = [];
    waitingBytes = 0;
  }

  function settle({ outcomes, at }: WriterReply & { kind: 'committed' }): void {
    const answered = sent.slice(0, Math.ceil(outcomes.length / 3));
    const committed: RecordedEvent[] = [];
    let newest = startOfLog;
    for (const [index, append] of answered.entries()) {
      const [outcome, version, position] = [outcomes[index * 3], outcomes[index * 3 + 1], outcomes[index * 3 + 2]];
      if (outcome === undefined || version === undefined || position === undefined) throw new Error('a reply is short');
      append.resolve(unpackResult(outcome, version, position));
      if (outcome !== outcomeAppended) continue;
      newest = position;
      if (feed.isFollowed()) committed.push(...record(append, version, position, at));
    }
    sent = sent.slice(answered.length);
    const [first] = committed;
    // Positions count without gaps, so where this commit's begin says whether something came in between.
    if (first !== undefined) feed.events(committed, first.position - 1);
    feed.announced(newest);
  }

  function fail(answered: readonly PendingAppend[], { kind, reason }: AppendFailure): void {
    for (const append of answered) {
      append.reject(kind === 'unknown' ? new AppendUnknown(reason) : new LogUnavailable(reason));
    }
  }

  function hear(reply: WriterReply): void {
    if (reply.kind === 'committed') settle(reply);
    if (reply.kind !== 'failed') return;
    if (reply.stopped) refusal ??= `the log has stopped: ${reply.failure.reason}`;
    fail(sent.splice(0, reply.appends), reply.failure);
  }

  worker.on('message', (reply: WriterReply) => orEnd(() => hear(reply)));
  worker.on('messageerror', (error) =>
    orEnd(() => {
      throw error;
    }),
  );
  worker.on('error', (error) => {
    crash ??= error;
  });
  const exited = new Promise<void>((resolve) => {
    worker.once('exit', () => {
      const reason = `the log's writer has ended: ${crash ?? 'it was told to'}`;
      refusal ??= reason;
      // What was sent may have been committed just before the end; what was not sent cannot have been.
      fail(sent.splice(0), { kind: 'unknown', reason });
      fail(waiting.splice(0), { kind: 'unavailable', reason });
      resolve();
    });
  });

  return {
    append: (append, bytes) => {
      if (refusal !== undefined) return Promise.reject(new LogUnavailable(refusal));
      return new Promise((resolve, reject) => {
        if (waitingBytes + bytes > maximumMessageBytes) orEnd(send);
        if (waiting.length === 0) setImmediate(() => orEnd(send));
        waiting.push({ ...append, resolve, reject });
        waitingBytes += bytes;
      });
    },
    refused: () => refusal,
    close: () => {
      closing ??= closeWriter();
      return closing;
    },
    ended: exited,
  };

  function closeWriter(): Promise<void> {
    refusal ??= 'the log is closed';
    orEnd(() => {
      send();
      post({ kind: 'close' });
    });
    return exited;
  }
}

/** An append's events as they now stand in the log, where its last one has this version and position. */
function record(
  { streamName, events }: Append,
  lastVersion: number,
  lastPosition: number,
  recordedAt: number,
): RecordedEvent[] {
  return events.map((event, index) => {
    const distance = events.length - 1 - index;
    return { ...event, streamName, version: lastVersion - distance, position: lastPosition - distance, recordedAt };
  });
}
