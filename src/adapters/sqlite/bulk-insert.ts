import type { DatabaseSync, SQLInputValue } from 'node:sqlite';

/**
 * Inserts rows several to a statement: most of the cost of a small row is the call. Give the rows in the order of the
 * table's key where there are many: neighbours then share a page. `onConflict` says what becomes of one that is there.
 */
export function prepareBulkInsert<Row extends readonly SQLInputValue[]>(
  database: DatabaseSync,
  table: string,
  columns: number,
  rowsPerStatement: number,
  onConflict = '',
): (rows: Iterable<Row>) => void {
  const row = `(${Array(columns).fill('?').join(', ')})`;
  const insert = (count: number) =>
    database.prepare(`INSERT INTO ${table} VALUES ${Array(count).fill(row).join(', ')} ${onConflict}`);
  const [many, single] = [insert(rowsPerStatement), insert(1)];
  const values: SQLInputValue[] = new Array(columns * rowsPerStatement);
  return (rows) => {
    let filled = 0;
    for (const row of rows) {
      for (const value of row) {
        values[filled] = value;
        filled += 1;
      }
      if (filled < values.length) continue;
      many.run(...values);
      filled = 0;
    }
    for (let from = 0; from < filled; from += columns) single.run(...values.slice(from, from + columns));
  };
}
