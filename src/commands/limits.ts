/** Limits over what people write. They are policy, not storage format: events that broke them once still decode. */
export const limits = {
  messageCharacters: 8_000,
  nameCharacters: 200,
  emojisPerMessage: 50,
  mentionsPerMessage: 100,
  membersPerCommand: 10_000,
} as const;

/** True when `text` has more than `limit` Unicode code points. Counts them only where UTF-16 units do not settle it. */
export function isLongerThan(text: string, limit: number): boolean {
  return text.length > limit && (text.length > 2 * limit || [...text].length > limit);
}
