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
): (rows: readonly Row[]) => void {
  const row = `(${Array(columns).fill('?').join(', ')})`;
  const insert = (count: number) =>
    database.prepare(`INSERT INTO ${table} VALUES ${Array(count).fill(row).join(', ')} ${onConflict}`);
  const [many, single] = [insert(rowsPerStatement), insert(1)];
  const values: SQLInputValue[] = new Array(columns * rowsPerStatement);
  return (rows) => {
    const whole = rows.length - (rows.length % rowsPerStatement);
    let filled = 0;
    for (let index = 0; index < whole; index += 1) {
      for (const value of rows[index] ?? []) {
        values[filled] = value;
        filled += 1;
      }
      if (filled < values.length) continue;
      many.run(...values);
      filled = 0;
    }
    for (let index = whole; index < rows.length; index += 1) single.run(...(rows[index] ?? []));
  };
}
