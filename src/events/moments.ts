/** Moments as we write them compare as texts. */
const writtenLength = '2026-11-24T12:00:00.000Z'.length;

/** The later of two moments, ISO 8601 in UTC; the one that is there where the other is not. */
export function laterOf(a: string, b: string | null | undefined): string {
  if (b === null || b === undefined) return a;
  if (a.length === writtenLength && b.length === writtenLength) return a < b ? b : a;
  return Date.parse(a) < Date.parse(b) ? b : a;
}
