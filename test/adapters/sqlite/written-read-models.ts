import { join } from 'node:path';
import { createReadModelFile } from '../../../src/adapters/sqlite/read-model-file.ts';
import { openSqliteReadModelWriter } from '../../../src/adapters/sqlite/read-model-writer.ts';
import type { ReadModelWriter } from '../../../src/ports/row-store.ts';
import { type ProjectedWriter, projectedWriter } from '../../contract/projected-writer.ts';
import type { History } from '../../contract/read-models-history.ts';
import { temporaryDirectory } from './temporary-directory.ts';

/** The writer of a file, with the fold before it. */
export const openWriter = (file: string): ProjectedWriter => projectedWriter(openSqliteReadModelWriter({ file }));

/** Applies what happens in the history, all of it, to a writer that was just opened. */
export const applyAll = ({ changes, position }: History, writer: ReadModelWriter): Promise<void> =>
  projectedWriter(writer).apply(changes, position);

/** A file of empty read models that goes with the test. */
export function emptyFile(): string {
  const file = join(temporaryDirectory(), 'read-models.db');
  createReadModelFile(file);
  return file;
}

/** A file in which this has happened, closed. */
export async function writtenFile(history: History): Promise<string> {
  const file = emptyFile();
  const writer = openWriter(file);
  await applyAll(history, writer);
  await writer.close();
  return file;
}
