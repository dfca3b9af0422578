import { readFileSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';

/** Overwrites the table's first page. The header and the schema stay whole, so opening finds nothing wrong. */
export function damageTable(file: string, table: string): void {
  const database = new DatabaseSync(file, { readOnly: true });
  const [page] = Object.values(database.prepare('SELECT rootpage FROM sqlite_schema WHERE name = ?').get(table) ?? {});
  database.close();
  const bytes = readFileSync(file);
  bytes.fill(0x5a, (Number(page) - 1) * 4_096, Number(page) * 4_096);
  writeFileSync(file, bytes);
}
