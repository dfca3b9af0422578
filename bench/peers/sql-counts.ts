import { DatabaseSync } from 'node:sqlite';
import { answer, contestantOptions } from '../child.ts';
import { countedPages, finalMarks, pageSize } from '../marks-history.ts';
import { percentile } from '../measure.ts';

export interface SqlCountsOptions {
  readonly file: string;
  readonly pages: number;
}

/** One row a member, an index over the mark that holds all that is asked for, and 50 counts of the rows beyond a message. */
const options = contestantOptions<SqlCountsOptions>();
const database = new DatabaseSync(options.file);
database.exec(`
  CREATE TABLE marks (
    group_id INTEGER NOT NULL, user_id TEXT NOT NULL, up_to INTEGER NOT NULL, PRIMARY KEY (group_id, user_id)
  ) STRICT, WITHOUT ROWID;
  BEGIN;
`);
const insert = database.prepare('INSERT INTO marks VALUES (1, ?, ?)');
for (const [index, upTo] of finalMarks().entries()) insert.run(`user-${index}`, upTo);
database.exec('COMMIT; CREATE INDEX marks_by_place ON marks (group_id, up_to); ANALYZE;');
const count = database.prepare('SELECT count(*) - 1 FROM marks WHERE group_id = 1 AND up_to >= ?');
count.setReturnArrays(true);

const milliseconds: number[] = [];
let sum = 0;
for (const first of countedPages(options.pages)) {
  const started = performance.now();
  for (let seq = first; seq < first + pageSize; seq += 1) sum += (count.get(seq) as unknown as [number])[0];
  milliseconds.push(performance.now() - started);
}
if (!Number.isFinite(sum)) throw new Error('the counts were not read');
answer({ p99: percentile(milliseconds, 0.99) * 1_000 });
