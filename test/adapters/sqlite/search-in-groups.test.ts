import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createReadModelFile } from '../../../src/adapters/sqlite/read-model-file.ts';
import { openSqliteReadModelWriter } from '../../../src/adapters/sqlite/read-model-writer.ts';
import { openSqliteReadModels } from '../../../src/adapters/sqlite/read-models.ts';
import { projectedWriter } from '../../contract/projected-writer.ts';
import { History } from '../../contract/read-models-history.ts';
import { temporaryDirectory } from './temporary-directory.ts';

test('a word that others have written very often makes no search of a small group slow', async () => {
  const file = join(temporaryDirectory(), 'read-models.db');
  createReadModelFile(file);
  const writer = projectedWriter(openSqliteReadModelWriter({ file }));
  const history = new History().create('small', 'Small', ['ada']).send('small', 'ada', 'seldom often');
  history.create('large', 'Large', ['bob']);
  for (let seq = 1; seq <= 30_000; seq += 1) history.send('large', 'bob', 'often');
  await history.apply(writer);
  const readModels = openSqliteReadModels({ file });
  onTestFinished(() => Promise.all([writer.close(), readModels.close()]).then(() => {}));
  const quickest = { seldom: Infinity, often: Infinity };
  // In turns, so that whatever else the machine does falls on both; of each the one that it disturbed least.
  for (let round = 0; round < 50; round += 1) {
    for (const word of ['seldom', 'often'] as const) {
      const start = performance.now();
      expect(await readModels.search(['small'], word, undefined, 9)).toHaveLength(1);
      quickest[word] = Math.min(quickest[word], performance.now() - start);
    }
  }
  expect(quickest.often / quickest.seldom).toBeLessThan(15);
});
