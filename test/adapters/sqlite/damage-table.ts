import { closeSync, openSync, writeSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';

/** Overwrites the table's first page and nothing else. The header and the schema stay whole, so opening finds nothing wrong. */
export function damageTable(file: string, table: string): void {
  const database = new DatabaseSync(file, { readOnly: true });
  const [page] = Object.values(database.prepare('SELECT rootpage FROM sqlite_schema WHERE name = ?').get(table) ?? {});
  database.close();
  const descriptor = openSync(file, 'r+');
  writeSync(descriptor, Buffer.alloc(4_096, 0x5a), 0, 4_096, (Number(page) - 1) * 4_096);
  closeSync(descriptor);
}
