import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, onTestFinished, test, vi } from 'vitest';
import { createReadModelFile } from '../../../src/adapters/sqlite/read-model-file.ts';
import { openSqliteReadModelWriter } from '../../../src/adapters/sqlite/read-model-writer.ts';
import { openSqliteReadModels } from '../../../src/adapters/sqlite/read-models.ts';
import { temporaryDirectory } from './temporary-directory.ts';

/** One row; the emojis under one message; hits of words, which the index of words bounds itself. */
const allowedScans = [
  /^SCAN (progress|CONSTANT ROW)$/,
  /^SCAN j VIRTUAL TABLE INDEX/,
  /^SCAN (w|message_words) VIRTUAL TABLE INDEX \d+:.*M/,
];

/** What every statement of the file's readers and writer, that reads, goes through. */
function plans(): ReadonlyMap<string, readonly string[]> {
  const file = join(temporaryDirectory(), 'read-models.db');
  createReadModelFile(file);
  const prepare = vi.spyOn(DatabaseSync.prototype, 'prepare');
  onTestFinished(() => prepare.mockRestore());
  const opened = [openSqliteReadModels({ file }), openSqliteReadModelWriter({ file })];
  const statements = prepare.mock.calls.map(([sql]) => sql).filter((sql) => /^(SELECT|UPDATE|DELETE)/.test(sql));
  prepare.mockRestore();
  onTestFinished(async () => {
    for (const one of opened) await one.close();
  });
  const database = new DatabaseSync(file, { readOnly: true });
  onTestFinished(() => database.close());
  const explained = statements.map((sql) => {
    const steps = database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all();
    return [sql, steps.map(({ detail }) => String(detail))] as const;
  });
  return new Map(explained);
}

test('no statement goes through a table, and none sorts but one person’s inbox and one message’s emojis', () => {
  const all = plans();
  expect(all.size).toBeGreaterThan(30);
  const scans = [...all].flatMap(([sql, steps]) =>
    steps
      .filter((step) => step.startsWith('SCAN') && !allowedScans.some((allowed) => allowed.test(step)))
      .map((step) => `${step}: ${sql}`),
  );
  expect(scans).toEqual([]);
  const [, byName = []] = [...all].find(([sql]) => sql.includes('member_names n')) ?? [];
  expect(byName).toContainEqual(expect.stringMatching(/n USING PRIMARY KEY \(group_key=\? AND \(name_key,user_id\)>/));
  const isSorted = ([sql, steps]: readonly [string, readonly string[]]): boolean =>
    steps.some((step) => step.startsWith('USE TEMP B-TREE')) && !sql.endsWith('ORDER BY j.key');
  const sorts = [...all].filter(isSorted);
  expect(sorts.map(([sql]) => sql)).toEqual([expect.stringContaining('ORDER BY g.activity_position DESC')]);
});
