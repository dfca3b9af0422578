import { ReadModelsUnavailable } from '../ports/read-model-faults.ts';

export interface PageToFill<Row> {
  readonly limit: number;
  /** At most `limit` rows after this one, or the first ones. */
  readonly read: (after: Row | undefined) => Promise<readonly Row[]>;
  /** Those of the rows that may be shown, in the same order, perhaps changed. */
  readonly keep: (rows: readonly Row[]) => Promise<readonly Row[]>;
}

/** A page is read on this often before the rows are too far behind to be used. */
const maximumReads = 20;

/**
 * As many rows that may be shown as there are, up to the limit: what may not be shown makes no page shorter than its list.
 * Throws ReadModelsUnavailable where nearly nothing of what is in the rows may be shown any more.
 */
export async function fillPage<Row>({ limit, read, keep }: PageToFill<Row>): Promise<readonly Row[]> {
  const kept: Row[] = [];
  let last: Row | undefined;
  for (let reads = 0; reads < maximumReads; reads += 1) {
    const rows = await read(last);
    kept.push(...(await keep(rows)));
    if (rows.length < limit || kept.length >= limit) return kept.slice(0, limit);
    last = rows.at(-1);
  }
  throw new ReadModelsUnavailable('the rows are too far behind the log to fill a page of them');
}
