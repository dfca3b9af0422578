import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { noStream, type Position, startOfLog, type Version } from '../../ports/event-log.ts';
import { readNumber } from './log-file.ts';
import {
  type AppendFailure,
  type AppendMessage,
  outcomeAppended,
  outcomeConflict,
  outcomeRepeated,
} from './writer-messages.ts';

/** Streams whose end is remembered between transactions; the first that was learnt is the first to be forgotten. */
const maximumKnownStreams = 100_000;

export type TransactionResult =
  | { readonly kind: 'committed'; readonly outcomes: readonly number[]; readonly newest: Position; readonly at: number }
  | { readonly kind: 'failed'; readonly failure: AppendFailure; readonly stopped: boolean };

interface KnownStream {
  readonly id: number;
  version: Version;
}

/**
 * Group commit: all appends of all messages in one transaction, with one fsync. A conflict stores nothing of its own
 * append and leaves the others alone; a failure of the store is shared by all.
 */
export function createAppender(database: DatabaseSync): (messages: readonly AppendMessage[]) => TransactionResult {
  const insertEvent = database.prepare('INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)');
  const begin = database.prepare('BEGIN IMMEDIATE');
  const commit = database.prepare('COMMIT');
  const dataVersion = database.prepare('PRAGMA data_version');
  dataVersion.setReturnArrays(true);
  const streams = createKnownStreams(database);
  const readIds = createIdReader(database);
  let nextPosition: Position = 0;
  let knownDataVersion: unknown;

  /** Forgets what is known once another connection has written: then only the file says where streams end. */
  function refresh(): void {
    const [current] = dataVersion.get() as unknown as [number];
    if (current === knownDataVersion) return;
    streams.forget();
    nextPosition = readNumber(database, `SELECT ifnull(max(position), ${startOfLog}) + 1 FROM events`);
    knownDataVersion = current;
  }

  /** Stores one message's appends and adds three numbers for each to `outcomes`. */
  function store(message: AppendMessage, at: number, outcomes: number[]): void {
    const { streamNames, numbers, texts } = message;
    const binary = new Set(message.binary);
    let text = 0;
    for (const [index, name] of streamNames.entries()) {
      const expectedVersion = numbers[index * 2] ?? noStream;
      const end = text + (numbers[index * 2 + 1] ?? 0) * 4;
      const known = streams.find(name);
      const actualVersion = known?.version ?? noStream;
      if (actualVersion === expectedVersion) {
        const stream = known ?? streams.add(name);
        for (; text < end; text += 4) {
          const [id, type, data, metadata] = [texts[text], texts[text + 1], texts[text + 2], texts[text + 3]] as Texts;
          stream.version += 1;
          const isBinary = binary.has(text) ? 1 : 0;
          insertEvent.run(nextPosition, stream.id, stream.version, id, type, data, metadata, at, isBinary);
          nextPosition += 1;
        }
        outcomes.push(outcomeAppended, stream.version, nextPosition - 1);
      } else {
        const first = known && readIds(known.id, expectedVersion, texts, text, end);
        if (first === undefined) outcomes.push(outcomeConflict, actualVersion, 0);
        else outcomes.push(outcomeRepeated, expectedVersion + (end - text) / 4, first);
        text = end;
      }
    }
  }

  /** After a failure the file alone knows what holds. */
  function rollback(): boolean {
    streams.forget();
    knownDataVersion = undefined;
    try {
      if (database.isTransaction) database.exec('ROLLBACK');
      return true;
    } catch {
      return false;
    }
  }

  return (messages) => {
    try {
      begin.run();
    } catch (error) {
      // Somebody else holds the write lock. Nothing was begun, so the next transaction may well succeed.
      return failed('unavailable', error, false);
    }
    const outcomes: number[] = [];
    const at = Date.now();
    try {
      refresh();
      for (const message of messages) store(message, at, outcomes);
    } catch (error) {
      return failed(rollback() ? 'unavailable' : 'unknown', error, true);
    }
    try {
      commit.run();
    } catch (error) {
      // The commit may already stand in the WAL: when its fsync has failed, a restart can bring it back. So it is
      // unknown, and stays so only if nothing is written after it.
      rollback();
      return failed('unknown', error, true);
    }
    return { kind: 'committed', outcomes, newest: nextPosition - 1, at };
  };
}

type Texts = [string, string, string, string];

function failed(kind: AppendFailure['kind'], error: unknown, stopped: boolean): TransactionResult {
  return { kind: 'failed', failure: { kind, reason: String(error) }, stopped };
}

/** Where streams end, as of the transaction under way. */
function createKnownStreams(database: DatabaseSync) {
  const findStream = database.prepare(
    `SELECT stream_id, (SELECT max(version) FROM events e WHERE e.stream_id = s.stream_id) FROM streams s WHERE name = ?`,
  );
  findStream.setReturnArrays(true);
  const insertStream = database.prepare('INSERT INTO streams (name) VALUES (?)');
  const known = new Map<string, KnownStream>();

  function remember(name: string, stream: KnownStream): KnownStream {
    if (known.size >= maximumKnownStreams) {
      const [oldest] = known.keys();
      if (oldest !== undefined) known.delete(oldest);
    }
    known.set(name, stream);
    return stream;
  }

  return {
    forget: () => known.clear(),
    add: (name: string): KnownStream =>
      remember(name, { id: Number(insertStream.run(name).lastInsertRowid), version: noStream }),
    find: (name: string): KnownStream | undefined => {
      const stream = known.get(name);
      if (stream !== undefined) return stream;
      const row = findStream.get(name) as unknown as readonly [number, number | null] | undefined;
      return row && remember(name, { id: row[0], version: row[1] ?? noStream });
    },
  };
}

/**
 * Looks whether all events of an append already stand right after its expected version, under the same ids. Returns the
 * position of the last one if so.
 */
function createIdReader(database: DatabaseSync) {
  const select: StatementSync = database.prepare(
    'SELECT event_id, position FROM events WHERE stream_id = ? AND version > ? ORDER BY version LIMIT ?',
  );
  select.setReturnArrays(true);
  return (
    streamId: number,
    expectedVersion: Version,
    texts: readonly string[],
    start: number,
    end: number,
  ): Position | undefined => {
    const rows = select.all(streamId, expectedVersion, (end - start) / 4) as unknown as [string, number][];
    const isSame = rows.length * 4 === end - start && rows.every(([id], index) => id === texts[start + index * 4]);
    return isSame ? rows.at(-1)?.[1] : undefined;
  };
}
