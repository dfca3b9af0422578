import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { openHighwater } from '../../src/processes/highwater.ts';

const faults = vi.hoisted(() => ({ readModels: undefined as Error | undefined }));
vi.mock(import('../../src/adapters/sqlite/read-models.ts'), async (original) => {
  const { openSqliteReadModels } = await original();
  return {
    openSqliteReadModels(options) {
      const readModels = openSqliteReadModels(options);
      return {
        ...readModels,
        async close() {
          await readModels.close();
          if (faults.readModels !== undefined) throw faults.readModels;
        },
      };
    },
  };
});

let dataDirectory: string;
beforeEach(async () => {
  dataDirectory = await mkdtemp(join(tmpdir(), 'highwater-closing-'));
});
afterEach(() => rm(dataDirectory, { recursive: true }));

it('a part that cannot be closed keeps no other open', async () => {
  const config = readConfig({ HIGHWATER_DATA: dataDirectory, HIGHWATER_LOG_LEVEL: 'silent' });
  const highwater = await openHighwater(config);
  // Readers open what they read when they are first asked.
  expect(await highwater.ready()).toMatchObject({ ready: true });
  faults.readModels = new Error('this one cannot be closed');
  await expect(highwater.close()).rejects.toThrow('this one cannot be closed');
  faults.readModels = undefined;
  // The directory is free, and the projector and the log's writer have ended.
  const again = await openHighwater(config);
  await again.close();
});
