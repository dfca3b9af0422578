import { parseArgs } from 'node:util';
import { ConfigInvalid } from '../src/config.ts';
import { measureRow, type RowResult } from './measure.ts';
import { jsonLine, rowTable, shortfalls, writeResults } from './report.ts';
import type { Row } from './row.ts';
import { sendRow } from './s3-send.ts';
import { marksRow } from './s4-marks.ts';
import { countsRow } from './s6-counts.ts';
import { rebuildRow } from './s7-rebuild.ts';
import { pageRow } from './s11-page.ts';
import { takeServers } from './servers.ts';

/**
 * `npm run bench [-- ROW …] [--short] [--json]`: exit code 0 when every row that ran holds. With
 * HIGHWATER_EVENTSTORE_URL and HIGHWATER_MONGODB_URL, rows with a server form run on those servers.
 */
const rows: readonly Row[] = [sendRow, marksRow, countsRow, rebuildRow, pageRow];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { short: { type: 'boolean', default: false }, json: { type: 'boolean', default: false } },
});
const wanted = positionals.map((name) => name.toUpperCase());
const unknown = wanted.filter((name) => !rows.some((row) => row.name === name));
if (unknown.length > 0)
  refuse(`No such row: ${unknown.join(', ')}. There are ${rows.map(({ name }) => name).join(', ')}.`);

const log = (line: string): void => void process.stderr.write(`${line}\n`);
const servers = readServers();
const results: RowResult[] = [];
for (const row of rows) {
  if (wanted.length > 0 && !wanted.includes(row.name)) continue;
  const result = await measureRow(row, { short: values.short, servers }, log);
  writeResults(result);
  for (const line of shortfalls(result)) log(line);
  results.push(result);
}
if (values.json) for (const result of results) process.stdout.write(`${jsonLine(result)}\n`);
else process.stdout.write(`\n${results.map(rowTable).join('\n')}`);
process.exitCode = results.every(({ reached }) => reached) ? 0 : 1;

function readServers() {
  try {
    return takeServers(process.env);
  } catch (error) {
    if (error instanceof ConfigInvalid) return refuse(error.message);
    throw error;
  }
}

function refuse(sentence: string): never {
  process.stderr.write(`${sentence}\n`);
  process.exit(2);
}
