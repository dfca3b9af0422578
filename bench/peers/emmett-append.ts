import { answer, contestantOptions } from '../child.ts';
import { type EmmettEvent, type EmmettSqlite, loadEmmett } from './emmett.ts';

export interface EmmettAppendOptions {
  readonly file: string;
  readonly seconds: number;
  readonly callers: number;
  readonly streamName: string;
  readonly event: EmmettEvent;
  /** The store as its documentation shows, or its appendToStream on a connection that stays open. */
  readonly through: 'store' | 'connection';
}

/**
 * Appends one event at a time at the expected version, for so many callers who each wait for their own. Two kindnesses: a
 * caller knows the stream's version and need not read it back, and callers take turns, for in 0.38.5 a version conflict
 * commits the raised stream position without the event, after which no append to the stream succeeds, and the store
 * closes its connection after each call, whoever else is using it.
 */
const options = contestantOptions<EmmettAppendOptions>();
const append = await createAppend(await loadEmmett());
let turn: Promise<void> = Promise.resolve();

let version = 0n;
let acknowledged = 0;
let retries = 0;
const started = performance.now();
const deadline = started + options.seconds * 1_000;

/**
 * Its transaction now and then fails with SQLITE_BUSY ("cannot commit transaction - SQL statements in progress"), because the
 * driver has not finished the statement before; it is rolled back, so the caller may try again.
 */
async function appendInTheEnd(expected: bigint): Promise<bigint> {
  for (;;) {
    try {
      return await append(expected);
    } catch (error) {
      if (!(error instanceof Error && error.message.startsWith('SQLITE_BUSY'))) throw error;
      retries += 1;
    }
  }
}

async function caller(): Promise<void> {
  while (performance.now() < deadline) {
    const mine = turn.then(async () => {
      // Whose turn comes too late goes home: with 10,000 callers the queue is minutes long.
      if (performance.now() >= deadline) return;
      version = await appendInTheEnd(version);
      acknowledged += 1;
    });
    turn = mine;
    await mine;
  }
}

await Promise.all(Array.from({ length: options.callers }, caller));
answer({ perSecond: (acknowledged * 1_000) / (performance.now() - started), retries });

async function createAppend(emmett: EmmettSqlite): Promise<(expected: bigint) => Promise<bigint>> {
  const { file, streamName, event } = options;
  if (options.through === 'store') {
    const store = emmett.getSQLiteEventStore({ fileName: file });
    return async (expectedStreamVersion) => {
      const { nextExpectedStreamVersion } = await store.appendToStream(streamName, [event], { expectedStreamVersion });
      return nextExpectedStreamVersion;
    };
  }
  const connection = emmett.sqliteConnection({ fileName: file });
  await emmett.createEventStoreSchema(connection);
  const streamType = streamName.split('-')[0] ?? '';
  return async (expectedStreamVersion) => {
    const result = await emmett.appendToStream(connection, streamName, streamType, [event], { expectedStreamVersion });
    if (!result.success || result.nextStreamPosition === undefined) throw new Error('emmett reports a conflict');
    return result.nextStreamPosition;
  };
}
