import { createHash } from 'node:crypto';
import { setImmediate as yieldToOthers } from 'node:timers/promises';
import type { ContentsRow, GroupContents } from '../ports/read-model-builds.ts';

export type ComparedKind = 'group' | ContentsRow['kind'];

/** One thing that two builds say differently. What people wrote or are called is told by its length and a hash alone. */
export interface Difference {
  readonly groupId: string;
  readonly kind: ComparedKind;
  /** Of the row within its group; the group's id for its own row. */
  readonly key: string;
  /** Undefined where one of the builds does not have the row at all. */
  readonly field: string | undefined;
  readonly before: string;
  readonly after: string;
}

/** What two builds' rows of a group come to, of the second one where they are the same. */
export interface ComparedGroup {
  /** SHA-256 over the canonical JSON of all its rows, in their order. */
  readonly digest: Buffer;
  readonly counts: ReadonlyMap<ComparedKind, number>;
  /** Empty where each row of one is a row of the other. */
  readonly differences: readonly Difference[];
}

/** A row with what it is compared by. */
interface ReadRow {
  readonly kind: ComparedKind;
  readonly key: string;
  readonly row: object;
  readonly json: string;
}

const rowsPerTurn = 2_000;
/** Rows that only one of the builds has shown so far: of two builds in one order never many. */
const maximumUnmatched = 1_000;

/**
 * Reads a group in both builds once, and compares it row by row, up to `limit` differences. Rows are matched by kind and
 * key, and not by their order. Throws what reading throws.
 */
export async function compareGroup(before: GroupContents, after: GroupContents, limit: number): Promise<ComparedGroup> {
  const { groupId } = before.group;
  const differences: Difference[] = [];
  const sides = { before: createSide(), after: createSide() };

  function take(row: ReadRow, own: keyof typeof sides): void {
    sides[own].add(row);
    const id = JSON.stringify([row.kind, row.key]);
    const others = sides[own === 'before' ? 'after' : 'before'].unmatched;
    const other = others.get(id);
    if (other === undefined) {
      sides[own].unmatched.set(id, row);
      return;
    }
    others.delete(id);
    if (other.json === row.json) return;
    differences.push(...(own === 'after' ? fieldsOf(groupId, other, row) : fieldsOf(groupId, row, other)));
  }

  for await (const [one, two] of inPairs(rowsOf(groupId, before), rowsOf(groupId, after))) {
    if (one !== undefined) take(one, 'before');
    if (two !== undefined) take(two, 'after');
    const isTooMuch = sides.before.unmatched.size + sides.after.unmatched.size > maximumUnmatched;
    if (differences.length >= limit || isTooMuch) break;
  }
  for (const row of sides.before.unmatched.values()) differences.push(missing(groupId, row, 'after'));
  for (const row of sides.after.unmatched.values()) differences.push(missing(groupId, row, 'before'));
  const [old, anew] = [sides.before.digest(), sides.after.digest()];
  // What no row says differently, their order does.
  if (differences.length === 0 && !old.equals(anew)) differences.push(orderDiffers(groupId, old, anew));
  return { digest: anew, counts: sides.after.counts, differences: differences.slice(0, limit) };
}

function createSide() {
  const hash = createHash('sha256');
  const counts = new Map<ComparedKind, number>();
  return {
    unmatched: new Map<string, ReadRow>(),
    counts,
    add({ kind, key, json }: ReadRow): void {
      hash.update(`${JSON.stringify([kind, key])}${json}\n`);
      counts.set(kind, (counts.get(kind) ?? 0) + 1);
    },
    digest: () => hash.digest(),
  };
}

/** The group's own row and all others, with other work done between some of them. */
async function* rowsOf(groupId: string, { group, rows }: GroupContents): AsyncGenerator<ReadRow, undefined> {
  yield { kind: 'group', key: groupId, row: group, json: canonicalJson(group) };
  let count = 0;
  for await (const { kind, key, row } of rows()) {
    yield { kind, key, row, json: canonicalJson(row) };
    count += 1;
    if (count % rowsPerTurn === 0) await yieldToOthers();
  }
  return undefined;
}

/** Until both have ended; left before, both are. */
async function* inPairs<Item>(
  left: AsyncGenerator<Item, undefined>,
  right: AsyncGenerator<Item, undefined>,
): AsyncGenerator<readonly [Item | undefined, Item | undefined], undefined> {
  try {
    for (;;) {
      const [one, two] = [await left.next(), await right.next()];
      if (one.done && two.done) return undefined;
      yield [one.value, two.value];
    }
  } finally {
    await Promise.all([left.return(undefined), right.return(undefined)]);
  }
}

/** The same for the same fields with the same values, in whatever order an object has them. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    isFields(part) ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1))) : part,
  );
}

const isFields = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const orderDiffers = (groupId: string, before: Buffer, after: Buffer): Difference => ({
  ...{ groupId, kind: 'group', key: groupId, field: 'the order of its rows' },
  ...{ before: `SHA-256 ${before.toString('hex')}`, after: `SHA-256 ${after.toString('hex')}` },
});

const missing = (groupId: string, { kind, key }: ReadRow, side: 'before' | 'after'): Difference => ({
  ...{ groupId, kind, key, field: undefined },
  ...{ before: side === 'before' ? 'missing' : 'there', after: side === 'after' ? 'missing' : 'there' },
});

function fieldsOf(groupId: string, before: ReadRow, after: ReadRow): readonly Difference[] {
  const { kind, key } = before;
  const [one, two]: Readonly<Record<string, unknown>>[] = [{ ...before.row }, { ...after.row }];
  const fields = new Set([...Object.keys(one ?? {}), ...Object.keys(two ?? {})]);
  return [...fields].flatMap((field) => {
    const [old, anew] = [one?.[field], two?.[field]];
    if (canonicalJson(old) === canonicalJson(anew)) return [];
    return [{ groupId, kind, key, field, before: shown(field, old), after: shown(field, anew) }];
  });
}

/** What people wrote, or what they and their groups are called. */
const personalFields: ReadonlySet<string> = new Set(['text', 'name']);
const shownCharacters = 80;

function shown(field: string, value: unknown): string {
  if (value === undefined) return 'missing';
  if (personalFields.has(field) && typeof value === 'string') {
    return `${value.length} characters, SHA-256 ${createHash('sha256').update(value).digest('hex').slice(0, 16)}…`;
  }
  const json = canonicalJson(value);
  return json.length > shownCharacters ? `${json.slice(0, shownCharacters)}… (${json.length} characters)` : json;
}
