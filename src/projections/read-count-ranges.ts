import type { MemberRow, ReadCountRange } from '../ports/read-models.ts';

/**
 * The read counts of all of a group's messages, from its member rows as of one position.
 *
 * A message's readers are the members with a stay that holds it and a mark that has reached it, less one: its author's
 * own mark always has. A stay and a mark are constant between their ends, so the counts of a million messages are a few
 * numbers a member: the sweep costs O(m log m) in the number of stays and nothing in the number of messages.
 */
export function readCountRanges(members: readonly MemberRow[], lastSeq: number): readonly ReadCountRange[] {
  if (lastSeq < 1) return [];
  const starts: number[] = [];
  const ends: number[] = [];
  for (const { stays, markedUpTo } of members) {
    for (const { from, to } of stays) {
      const upTo = Math.min(to ?? lastSeq, markedUpTo, lastSeq);
      if (upTo <= from) continue;
      starts.push(from + 1);
      ends.push(upTo + 1);
    }
  }
  return sweep(Float64Array.from(starts).sort(), Float64Array.from(ends).sort(), lastSeq);
}

/** `starts` and `ends` are where a reader comes in and is no longer counted, each ascending. */
function sweep(starts: Float64Array, ends: Float64Array, lastSeq: number): readonly ReadCountRange[] {
  const ranges: ReadCountRange[] = [];
  let [started, ended, fromSeq] = [0, 0, 1];
  while (fromSeq <= lastSeq) {
    while ((starts[started] ?? lastSeq + 1) <= fromSeq) started += 1;
    while ((ends[ended] ?? lastSeq + 1) <= fromSeq) ended += 1;
    const next = Math.min(starts[started] ?? lastSeq + 1, ends[ended] ?? lastSeq + 1);
    const readCount = started - ended - 1;
    const previous = ranges.at(-1);
    if (previous?.readCount === readCount) ranges[ranges.length - 1] = { ...previous, toSeq: next - 1 };
    else ranges.push({ fromSeq, toSeq: next - 1, readCount });
    fromSeq = next;
  }
  return ranges;
}
