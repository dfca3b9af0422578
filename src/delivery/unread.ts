/**
 * What is unread is derived and never counted up, by one rule everywhere: what came after the mark, and after one joined.
 * `readUpTo` is the later of the two. Sending moves one's own mark, so one's own messages are not unread; what was deleted
 * is, for a seq is never taken back.
 */
export const unreadCount = (lastSeq: number, readUpTo: number): number => Math.max(0, lastSeq - readUpTo);

/** Null where nothing is. */
export const firstUnreadSeq = (lastSeq: number, readUpTo: number): number | null =>
  lastSeq > readUpTo ? readUpTo + 1 : null;
