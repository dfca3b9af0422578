import { DatabaseSync } from 'node:sqlite';
import { seqsPerGroup } from '../../src/adapters/sqlite/read-model-file.ts';
import { createTokens } from '../../src/rights/tokens.ts';
import { answer, contestantOptions } from '../child.ts';
import { percentile } from '../measure.ts';

export interface PageReaderOptions {
  readonly url: string;
  readonly secret: string;
  /** Groups whose pages are read, in turn. */
  readonly groupIds: readonly string[];
  /** The served build, whose rows are read besides, those of the first group. */
  readonly readModelsFile: string;
  readonly warmUpSeconds: number;
  readonly seconds: number;
}

export interface PageLatencies {
  /** Milliseconds of 99 of 100 pages, by group. */
  readonly pages: Readonly<Record<string, number>>;
  /** Milliseconds of 99 of 100 times that a page's rows were read with SQLite. */
  readonly rows: number;
  /** Pages read of each group. */
  readonly count: number;
}

interface Page {
  readonly pageInfo: { readonly startCursor: string | null };
  readonly edges: readonly { readonly node: { readonly seq: number } }[];
}

const pageSize = 50;
/** Back from the newest one, then again: what people look at, and where a long group could be slower. */
const pagesInARow = 20;
/** A page of each group so often: the load is that of those who send. */
const pauseMilliseconds = 5;

const options = contestantOptions<PageReaderOptions>();
const token = await createTokens(options.secret, Date.now).issue({ userId: 'user-0' }, 3_600);
const query = `query ($groupId: ID!, $before: String) { group(groupId: $groupId) { timeline(last: ${pageSize}, before: $before) {
  pageInfo { startCursor } edges { node { seq text sentAt readCount audienceCount author { name } } } } } }`;

async function readPage(groupId: string, before: string | null): Promise<Page> {
  const response = await fetch(`${options.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ query, variables: { groupId, before } }),
  });
  const { data, errors } = (await response.json()) as { data?: { group: { timeline: Page } }; errors?: unknown };
  if (data === undefined || errors !== undefined) throw new Error(`the server answers ${JSON.stringify(errors)}`);
  const page = data.group.timeline;
  if (page.edges.length !== pageSize) throw new Error(`a page of ${groupId} holds ${page.edges.length} messages`);
  const seqs = page.edges.map(({ node }) => node.seq);
  if (seqs.some((seq, index) => seq !== (seqs[0] ?? 0) + index)) throw new Error(`a page of ${groupId} has gaps`);
  return page;
}

const database = new DatabaseSync(options.readModelsFile, { readOnly: true });
const { newestKey } = database
  .prepare(
    `SELECT max(p.message_key) AS newestKey FROM messages p
     WHERE p.message_key < (SELECT (group_key + 1) * ${seqsPerGroup} FROM groups WHERE group_id = ?)`,
  )
  .get(options.groupIds[0] ?? '') as { newestKey: number };
const rowsBefore = database.prepare('SELECT * FROM messages WHERE message_key <= ? ORDER BY message_key DESC LIMIT ?');

const milliseconds = new Map<string, number[]>(options.groupIds.map((groupId) => [groupId, []]));
const rowMilliseconds: number[] = [];
const begun = performance.now();
const measuredFrom = begun + options.warmUpSeconds * 1_000;
const end = measuredFrom + options.seconds * 1_000;
for (let round = 0; performance.now() < end; ) {
  const cursors = new Map<string, string | null>();
  for (let step = 0; step < pagesInARow && performance.now() < end; step += 1, round += 1) {
    // Each goes first as often as the other: what the one leaves in caches serves the other.
    const order = round % 2 === 0 ? options.groupIds : options.groupIds.toReversed();
    for (const groupId of order) {
      const started = performance.now();
      const page = await readPage(groupId, cursors.get(groupId) ?? null);
      if (started >= measuredFrom) milliseconds.get(groupId)?.push(performance.now() - started);
      cursors.set(groupId, page.pageInfo.startCursor);
    }
    const started = performance.now();
    const rows = rowsBefore.all(newestKey - step * pageSize, pageSize);
    if (rows.length !== pageSize) throw new Error(`SQLite has ${rows.length} rows`);
    if (started >= measuredFrom) rowMilliseconds.push(performance.now() - started);
    await new Promise((resolve) => setTimeout(resolve, pauseMilliseconds));
  }
}
const result: PageLatencies = {
  pages: Object.fromEntries([...milliseconds].map(([groupId, values]) => [groupId, percentile(values, 0.99)])),
  rows: percentile(rowMilliseconds, 0.99),
  count: rowMilliseconds.length,
};
answer(result);
