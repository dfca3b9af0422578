import { openLogForWriting } from '../src/adapters/sqlite/log-file.ts';
import { encodeEvent } from '../src/events/codec.ts';
import type { HighwaterEvent } from '../src/events/event.ts';
import type { StreamName } from '../src/events/stream-name.ts';

export interface AppenderOptions {
  readonly file: string;
  /** Eight hexadecimal digits that every event's id holds, so that one run's differ from another's. */
  readonly runId?: string | undefined;
}

const firstMoment = Date.parse('2026-01-01T00:00:00.000Z');

/** Rows straight into the log's tables, as the event log would have written them. */
export function openAppender({ file, runId = '' }: AppenderOptions) {
  const database = openLogForWriting(file, undefined);
  const insert = database.prepare(
    'INSERT INTO events (position, stream_id, version, event_id, type, data, metadata) VALUES (?, ?, ?, ?, ?, ?, ?)',
  );
  const insertStream = database.prepare('INSERT INTO streams (name) VALUES (?)');
  const streams = new Map<StreamName, { readonly id: number; version: number }>();
  let position = 0;
  database.exec('BEGIN');

  return {
    count: () => position,
    event(streamName: StreamName, actorId: string, event: HighwaterEvent): void {
      let stream = streams.get(streamName);
      if (stream === undefined) {
        stream = { id: Number(insertStream.run(streamName).lastInsertRowid), version: -1 };
        streams.set(streamName, stream);
      }
      stream.version += 1;
      // The shape of a derived id without the hash, which would be half of the time.
      const eventId = `${position.toString(16).padStart(8, '0')}-0000-8000-8000-${runId.padStart(12, '0')}`;
      const at = new Date(firstMoment + position * 20).toISOString();
      const metadata = { correlationId: eventId, causationId: eventId, actorId, at };
      const { type, data, metadata: encoded } = encodeEvent(event, metadata, eventId);
      insert.run(position, stream.id, stream.version, eventId, type, data, encoded);
      position += 1;
      if (position % 100_000 === 0) database.exec('COMMIT; BEGIN');
    },
    close(): void {
      database.exec('COMMIT');
      database.close();
    },
  };
}
