import { expect, test } from 'vitest';
import { openSqliteReadModels } from '../../../src/adapters/sqlite/read-models.ts';
import { History } from '../../contract/read-models-history.ts';
import { emptyFile, openWriter } from './written-read-models.ts';

const groupIds = Array.from({ length: 20 }, (_, index) => `group-${index}`);

async function openStory() {
  const file = emptyFile();
  const writer = openWriter(file);
  const history = new History();
  for (const groupId of groupIds) history.create(groupId, groupId, ['ada', 'bob']);
  await history.apply(writer);
  return { writer, readModels: openSqliteReadModels({ file }) };
}

test('the event loop goes round between two snapshots of groups, however many are asked for at once', async () => {
  const { writer, readModels } = await openStory();
  let rounds = 0;
  let counting = true;
  const count = (): void => {
    rounds += 1;
    if (counting) setImmediate(count);
  };
  setImmediate(count);
  const readAt = await Promise.all(
    groupIds.map(async (groupId) => {
      expect((await readModels.groupSnapshot(groupId))?.members).toHaveLength(2);
      return rounds;
    }),
  );
  counting = false;
  expect(new Set(readAt).size).toBe(groupIds.length);
  await Promise.all([writer.close(), readModels.close()]);
});

test('a snapshot that fails keeps none from the next', async () => {
  const { writer, readModels } = await openStory();
  // What no id is: SQLite cannot bind it.
  const failing = readModels.groupSnapshot(Symbol('none') as unknown as string);
  const next = readModels.groupSnapshot('group-1');
  await expect(failing).rejects.toThrow(TypeError);
  expect((await next)?.members).toHaveLength(2);
  await readModels.close();
  await writer.close();
});
