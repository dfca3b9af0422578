import type { FenwickTree } from './fenwick-tree.ts';

/** What became of a message's audience. The three terms always add up to it. */
export interface ReadExplanation {
  readonly audience: number;
  readonly read: number;
  /** Members now, who have not read it. */
  readonly notYet: number;
  /** In the audience, gone since, and gone without having read it. Returning makes them `notYet` again. */
  readonly leftBeforeReading: number;
}

/** Where one member stands: how far they have read, and since which message they are here. */
export interface MemberReading {
  readonly active: boolean;
  readonly markedUpTo: number;
  /** The group's newest message when the present stay began. */
  readonly memberAfterSeq: number;
}

/** What is told of a group's counts. */
export interface CountsNow {
  readCount(seq: number): number;
  audienceCount(seq: number): number;
  explain(seq: number): ReadExplanation;
  reading(userId: string): MemberReading | undefined;
  lastSeq(): number;
  memberCount(): number;
}

/** One member, as they have read. */
export interface Reader {
  active: boolean;
  mark: number;
  /** Bounds of the stays, from and to in turn; the last `to` is open while `active`. */
  readonly stays: number[];
}

/** What an event has changed, as it was before, or by how much. */
export type Change =
  | { readonly tree: FenwickTree; readonly after: number; readonly upTo: number; readonly amount: number }
  | { readonly reader: Reader; readonly before: MemberReading | undefined }
  | { readonly newest: number; readonly memberCount: number };

/** A group's counts as they were folded so far: a message's are the sums of the trees at it, less its author. */
export interface Folded {
  readonly readers: ReadonlyMap<string, Reader>;
  readonly present: FenwickTree;
  readonly read: FenwickTree;
  readonly gone: FenwickTree;
  readonly totals: () => Totals;
}

interface Totals {
  readonly newest: number;
  readonly memberCount: number;
}

export const readingOf = ({ active, mark: markedUpTo, stays }: Reader): MemberReading => ({
  ...{ active, markedUpTo, memberAfterSeq: stays.at(-2) ?? 0 },
});

/** What is told, with the changes since taken back, which come newest first: the oldest of something tells what it was. */
export function toldOf({ readers, present, read, gone, totals }: Folded, since: () => Iterable<Change>): CountsNow {
  const valueAt = (tree: FenwickTree, seq: number): number => {
    let value = tree.valueAt(seq);
    for (const change of since()) {
      if ('tree' in change && change.tree === tree && seq > change.after && seq <= change.upTo) value -= change.amount;
    }
    return value;
  };
  const totalsThen = (): Totals => {
    let then = totals();
    for (const change of since()) if ('newest' in change) then = change;
    return then;
  };
  return {
    readCount: (seq) => valueAt(read, seq) - 1,
    audienceCount: (seq) => valueAt(present, seq) - 1,
    explain(seq) {
      const audience = valueAt(present, seq) - 1;
      const readCount = valueAt(read, seq) - 1;
      const leftBeforeReading = valueAt(gone, seq);
      return { audience, read: readCount, notYet: audience - readCount - leftBeforeReading, leftBeforeReading };
    },
    reading(userId) {
      const reader = readers.get(userId);
      let reading = reader && readingOf(reader);
      for (const change of since()) if ('reader' in change && change.reader === reader) reading = change.before;
      return reading;
    },
    lastSeq: () => totalsThen().newest,
    memberCount: () => totalsThen().memberCount,
  };
}
