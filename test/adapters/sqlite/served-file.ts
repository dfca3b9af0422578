import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readModelSchemaVersion } from '../../../src/adapters/sqlite/read-model-file.ts';

/** The file of the build that is served in this data directory. */
export function servedFile(dataDirectory: string): string {
  const directory = join(dataDirectory, 'read-models');
  const served = JSON.parse(readFileSync(join(directory, 'served.json'), 'utf8'));
  return join(directory, `${served[readModelSchemaVersion]}.db`);
}
