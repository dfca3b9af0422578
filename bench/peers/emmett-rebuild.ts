import { DatabaseSync } from 'node:sqlite';
import { answer, contestantOptions } from '../child.ts';
import { type EmmettConnection, type EmmettEvent, loadEmmett } from './emmett.ts';

export interface EmmettRebuildOptions {
  readonly logFile: string;
  readonly file: string;
  /** How many of the log's events it is given. */
  readonly events: number;
  /** Its own defaults (100 messages to a batch, 50 ms between two) where it is not given. */
  readonly pulling?: { readonly batchSize: number; readonly pullingFrequencyInMs: number };
}

/**
 * Emmett's consumer over the first events of the same log, after its founding. It keeps only two of our read models, the
 * messages and the marks, so it writes less than we do.
 */
const options = contestantOptions<EmmettRebuildOptions>();
const emmett = await loadEmmett();
await createTables();
copyEvents();

const store = emmett.getSQLiteEventStore({ fileName: options.file });
const consumer = store.consumer(options.pulling === undefined ? {} : { pulling: options.pulling });
let handled = 0;
let finished = Number.NaN;
consumer.processor({
  processorId: 'read-models',
  startFrom: 'BEGINNING',
  eachMessage: async (message, { connection }) => {
    await project(message, connection);
    handled += 1;
    finished = performance.now();
  },
  stopAfter: ({ metadata }) => Number(metadata.globalPosition) >= options.events,
});
const started = performance.now();
await consumer.start();
if (handled !== options.events) throw new Error(`emmett handled ${handled} of ${options.events} events`);
answer({ microsecondsPerEvent: ((finished - started) * 1_000) / handled });

async function createTables(): Promise<void> {
  const connection = emmett.sqliteConnection({ fileName: options.file });
  await emmett.createEventStoreSchema(connection);
  await connection.command(
    'CREATE TABLE marks (group_id TEXT, user_id TEXT, up_to INTEGER, PRIMARY KEY (group_id, user_id)) WITHOUT ROWID',
  );
  await connection.command(
    'CREATE TABLE messages (group_id TEXT, seq INTEGER, author_id TEXT, text TEXT, PRIMARY KEY (group_id, seq)) WITHOUT ROWID',
  );
  connection.close();
}

async function project({ type, data, metadata }: EmmettEvent, connection: EmmettConnection): Promise<void> {
  const event = data as { groupId: string; userId: string; upTo: number; seq: number; authorId: string; text: string };
  if (type === 'ReadUpTo') {
    const sql = `INSERT INTO marks VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET up_to = max(up_to, excluded.up_to)`;
    await connection.command(sql, [event.groupId, event.userId, event.upTo]);
  }
  if (type === 'MessageSent') {
    const groupId = (metadata as { streamName: string }).streamName;
    await connection.command('INSERT OR IGNORE INTO messages VALUES (?, ?, ?, ?)', [
      groupId,
      event.seq,
      event.authorId,
      event.text,
    ]);
  }
}

/** Straight into its table, as its appendToStream writes them, for the appends are not what is measured. */
function copyEvents(): void {
  const target = new DatabaseSync(options.file);
  target.prepare('ATTACH ? AS log').run(options.logFile);
  target
    .prepare(
      `INSERT INTO emt_messages (stream_id, stream_position, partition, message_kind, message_data, message_metadata,
         message_schema_version, message_type, message_id, is_archived)
       SELECT s.name, e.version + 1, 'emt:default', 'E', e.data, e.metadata, '1', e.type, e.event_id, false
       FROM log.events e JOIN log.streams s USING (stream_id)
       WHERE e.type IN ('ReadUpTo', 'MessageSent') ORDER BY e.position LIMIT ?`,
    )
    .run(options.events);
  target.close();
}
