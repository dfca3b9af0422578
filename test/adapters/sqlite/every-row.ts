import { DatabaseSync } from 'node:sqlite';

const tables = [
  ...['groups', 'members', 'marks', 'messages', 'reactions', 'reaction_counts'],
  ...['mentions', 'mentions_of_all', 'commands'],
];

/** Every row of every table of a file of read models, and what its words find. */
export function everyRow(file: string) {
  const database = new DatabaseSync(file);
  const rows = tables.map((table) => [table, database.prepare(`SELECT * FROM ${table} ORDER BY 1, 2, 3`).all()]);
  const words = database.prepare("SELECT rowid FROM message_words WHERE message_words MATCH 'a* OR e* OR t*'").all();
  const progress = database.prepare('SELECT checkpoint, stream_name, version, event_id FROM progress').all();
  database.close();
  return { rows, words, progress };
}
