import { truncateSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { openSqliteReadModels } from '../../../../src/adapters/sqlite/read-models.ts';

/** Reads the read models in argv[2], cuts their file short beneath the open connection, and prints how each query ends. */
const file = process.argv[2] ?? '';
const readModels = openSqliteReadModels({ file });
const ask = () =>
  Promise.allSettled([
    readModels.membersPage('g', { limit: 10 }),
    readModels.inboxPage('ada', undefined, 10),
    readModels.groupSnapshot('g'),
    readModels.search(['g'], 'one', undefined, 10),
    readModels.mentionsPage('ada', undefined, 10),
  ]);
const before = await ask();
truncateSync(file, 8_192);
for (const [index, answer] of (await ask()).entries()) {
  const same = isDeepStrictEqual(answer, before[index]) ? 'the same answer' : 'another answer';
  console.info(answer.status === 'rejected' ? answer.reason.name : same);
}
await readModels.close();
