import { openFillingStore } from '../../../../src/adapters/sqlite/filling-store.ts';
import { openSqliteReadModelWriter } from '../../../../src/adapters/sqlite/read-model-writer.ts';
import { runProjection } from '../../../../src/projections/run-projection.ts';
import { sampleHistory } from '../../../contract/spoiled-histories.ts';
import { logOf } from '../../../fakes/log-of-entries.ts';

/** Fills the read models in argv[2] with the history of the seed in argv[3], and prints where it began. */
const [file = '', seed = ''] = process.argv.slice(2);
const script = new URL('./thread-that-is-killed.ts', import.meta.url);
const writer = openSqliteReadModelWriter({ file });
console.info((await writer.checkpoint()).position);
await runProjection({
  log: await logOf(sampleHistory(Number(seed), 200), 5),
  writer: { ...writer, openForFilling: () => openFillingStore(file, () => undefined, script) },
  signal: new AbortController().signal,
  once: true,
  filling: true,
  bytesPerBatch: 3_000,
});
await writer.close();
