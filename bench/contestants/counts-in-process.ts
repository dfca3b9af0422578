import type { MemberRow } from '../../src/ports/rows.ts';
import { createReadCounts } from '../../src/projections/read-counts.ts';
import { answer, contestantOptions } from '../child.ts';
import { countedPages, finalMarks, members, messages, pageSize } from '../marks-history.ts';
import { percentile } from '../measure.ts';

export interface CountsOptions {
  readonly pages: number;
}

export interface CountsResult {
  readonly ours: number;
  readonly limit: number;
  readonly moveMarksPerSecond: number;
}

/**
 * Ours and the limit in one process, a thousand pages of one, then of the other: at a few microseconds a page, whatever
 * else the machine does would otherwise meet only one of them.
 */
const options = contestantOptions<CountsOptions>();
const marks = finalMarks();
const { counts, moveMarksPerSecond } = feedReadCounts();
const nodes = buildPrefixSums();
const pages = countedPages(options.pages);
const blockSize = 1_000;

const times = { ours: new Float64Array(pages.length), limit: new Float64Array(pages.length) };
let sum = 0;
compareContents();
for (let block = -10 * blockSize; block < pages.length; block += blockSize) {
  // The first ten blocks are warm-up: their times are overwritten.
  const from = Math.max(0, block);
  measure(times.ours, from, (first) => countWithReadCounts(first));
  measure(times.limit, from, (first) => countWithPrefixSums(first));
}
const result: CountsResult = {
  ours: percentile(times.ours, 0.99) * 1_000,
  limit: percentile(times.limit, 0.99) * 1_000,
  moveMarksPerSecond,
};
if (!Number.isFinite(sum)) throw new Error('the sums were not computed');
answer(result);

function measure(into: Float64Array, from: number, count: (first: number) => number): void {
  for (let index = from; index < from + blockSize && index < pages.length; index += 1) {
    const first = pages[index] ?? 1;
    const started = performance.now();
    sum += count(first);
    into[index] = performance.now() - started;
  }
}

function countWithReadCounts(first: number): number {
  let total = 0;
  for (let seq = first; seq < first + pageSize; seq += 1) total += counts.readCount(seq);
  return total;
}

/** Hand-written: one array, one loop, nothing around it. */
function countWithPrefixSums(first: number): number {
  let total = 0;
  for (let seq = first; seq < first + pageSize; seq += 1) {
    let count = -1;
    for (let at = seq; at > 0; at &= at - 1) count += nodes[at] as number;
    total += count;
  }
  return total;
}

/** 10,000 members who were there from the start, then a million messages, and every member moving on in ten steps. */
function feedReadCounts() {
  const rows = marks.map((_, index): MemberRow => {
    const person = { groupId: 'hot', userId: `user-${index}`, name: '', role: 'member', active: true } as const;
    return { ...person, joinedAt: '2026-01-01T00:00:00.000Z', stays: [{ from: 0, to: null }], markedUpTo: 0 };
  });
  const counts = createReadCounts({ members: rows, lastSeq: messages });
  const steps = 10;
  const started = performance.now();
  for (let step = 1; step <= steps; step += 1) {
    for (let index = 0; index < members; index += 1) {
      const upTo = Math.ceil(((marks[index] ?? 1) * step) / steps);
      const data = { groupId: 'hot', userId: `user-${index}`, upTo };
      counts.apply({ type: 'ReadUpTo', data }, step * members + index);
    }
  }
  return { counts, moveMarksPerSecond: (steps * members * 1_000) / (performance.now() - started) };
}

function buildPrefixSums(): Int32Array {
  const size = 2 ** 20;
  const tree = new Int32Array(size + 1);
  const add = (index: number, amount: number): void => {
    for (let at = index; at <= size; at += at & -at) tree[at] = (tree[at] as number) + amount;
  };
  for (const upTo of marks) {
    add(1, 1);
    add(upTo + 1, -1);
  }
  return tree;
}

/** A separate pass: both say the same as a plain count of the marks. */
function compareContents(): void {
  for (const first of pages.slice(0, 20)) {
    let expected = 0;
    for (let seq = first; seq < first + pageSize; seq += 1) expected += marks.filter((upTo) => upTo >= seq).length - 1;
    const [ours, limit] = [countWithReadCounts(first), countWithPrefixSums(first)];
    if (ours !== expected || limit !== expected) throw new Error(`page ${first}: ${ours}, ${limit}, not ${expected}`);
  }
}
