import type { GroupEvent, ReadsEvent } from '../events/event.ts';
import { requireInOrder } from '../events/group-order.ts';
import { markCounts } from '../events/reads.ts';
import { stringBytes } from '../memory/string-bytes.ts';
import type { MemberRow } from '../ports/read-models.ts';
import { createFenwickTree } from './fenwick-tree.ts';

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

/** The messages whose counts an event may have changed: those in (after, upTo]. */
export interface ChangedCounts {
  readonly after: number;
  readonly upTo: number;
}

/**
 * The readers of every message of one group, counted as the log goes on.
 *
 * - The audience of a message is the members when it was sent, without its author: whoever has a stay that holds it.
 * - A reader is one of the audience whose mark has reached it. Marks only move forward, and only while their owner is a
 *   member: a mark that the log holds after its reader's leaving counts nothing.
 * - Sending moves the author's own mark. So the author of a message is always among those whose stay and mark hold it,
 *   and the count is those less one: nobody has to remember who wrote what.
 * - Leaving takes nobody out of a count, joining puts nobody into an older one: counts never fall.
 */
export interface ReadCounts {
  /**
   * Folds the group's next event, in the order of the whole log. Says whose counts may have changed. Throws
   * UndecodableEvent where the event is out of the group's order; the counts are then as they were.
   */
  apply(event: GroupEvent | ReadsEvent): ChangedCounts | undefined;
  readCount(seq: number): number;
  audienceCount(seq: number): number;
  explain(seq: number): ReadExplanation;
  reading(userId: string): MemberReading | undefined;
  lastSeq(): number;
  memberCount(): number;
  /** About how many bytes it holds, in O(1). */
  byteLength(): number;
}

interface Reader {
  active: boolean;
  mark: number;
  /** Bounds of the stays, from and to in turn; the last `to` is open while `active`. */
  readonly stays: number[];
}

const open = Number.POSITIVE_INFINITY;
/** Measured: a reader with the list of their stays, and the entry in the map. */
const bytesPerReader = 140;
const bytesPerStay = 24;
/** Measured: the functions and what they close over. */
const bytesPerGroup = 1_500;

/** From nothing, or from a group's member rows and its newest message as of one position. */
export function createReadCounts(from?: {
  readonly members: readonly MemberRow[];
  readonly lastSeq: number;
}): ReadCounts {
  const readers = new Map<string, Reader>();
  const present = createFenwickTree();
  const read = createFenwickTree();
  const gone = createFenwickTree();
  let newest = from?.lastSeq ?? 0;
  let memberCount = 0;
  let bytes = bytesPerGroup;

  /** Adds to the messages in (after, upTo] that lie within the reader's stays. */
  function addWithinStays(tree: typeof read, { stays }: Reader, after: number, upTo: number, amount: number): void {
    for (let index = 0; index < stays.length; index += 2) {
      const from = stays[index] ?? 0;
      const to = stays[index + 1] ?? 0;
      if (to > after && from < upTo) tree.addToRange(Math.max(from, after), Math.min(to, upTo), amount);
    }
  }

  function join(userId: string, afterSeq: number): void {
    const reader = readers.get(userId);
    if (reader?.active) return;
    if (reader === undefined) {
      // As long as it is, and no longer: nearly everybody has one stay.
      readers.set(userId, { active: true, mark: 0, stays: [afterSeq, open] });
      bytes += bytesPerReader + stringBytes(userId);
    } else {
      addWithinStays(gone, reader, reader.mark, open, -1);
      reader.stays.push(afterSeq, open);
      reader.active = true;
      bytes += bytesPerStay;
    }
    memberCount += 1;
    present.addToRange(afterSeq, open, 1);
  }

  function leave(userId: string, afterSeq: number): void {
    const reader = readers.get(userId);
    if (!reader?.active) return;
    reader.stays[reader.stays.length - 1] = afterSeq;
    reader.active = false;
    memberCount -= 1;
    present.addToRange(afterSeq, open, -1);
    addWithinStays(gone, reader, reader.mark, open, 1);
  }

  function mark(userId: string, upTo: number): ChangedCounts | undefined {
    const reader = readers.get(userId);
    if (reader === undefined || !markCounts({ active: reader.active, markedUpTo: reader.mark }, upTo)) return undefined;
    const changed = { after: reader.mark, upTo };
    addWithinStays(read, reader, reader.mark, upTo, 1);
    reader.mark = upTo;
    return changed;
  }

  function restore({ userId, active, stays, markedUpTo }: MemberRow): void {
    for (const stay of stays) {
      join(userId, stay.from);
      if (stay.to !== null) leave(userId, stay.to);
    }
    // The row's mark is valid wherever it came from: move it as if its reader were here, then put them back.
    const reader = readers.get(userId);
    if (reader === undefined) return;
    if (!active) addWithinStays(gone, reader, 0, open, -1);
    addWithinStays(read, reader, 0, markedUpTo, 1);
    reader.mark = markedUpTo;
    if (!active) addWithinStays(gone, reader, markedUpTo, open, 1);
  }

  for (const row of from?.members ?? []) restore(row);

  function explain(seq: number): ReadExplanation {
    const audience = present.valueAt(seq) - 1;
    const readCount = read.valueAt(seq) - 1;
    const leftBeforeReading = gone.valueAt(seq);
    return { audience, read: readCount, notYet: audience - readCount - leftBeforeReading, leftBeforeReading };
  }

  return {
    apply(event) {
      if (event.type !== 'ReadUpTo') requireInOrder(event, newest);
      switch (event.type) {
        case 'MembersAdded':
          for (const { userId } of event.data.members) join(userId, event.data.afterSeq);
          return undefined;
        case 'MemberLeft':
        case 'MemberRemoved':
          leave(event.data.userId, event.data.afterSeq);
          return undefined;
        case 'MessageSent':
          newest = Math.max(newest, event.data.seq);
          return mark(event.data.authorId, event.data.seq);
        case 'ReadUpTo':
          // A mark beyond the newest message, which no command leaves, marks what is there.
          return mark(event.data.userId, Math.min(event.data.upTo, newest));
        case 'GroupCreated':
        case 'GroupRenamed':
        case 'MemberRoleChanged':
        case 'MemberRenamed':
        case 'MessageEdited':
        case 'MessageDeleted':
        case 'ReactionAdded':
        case 'ReactionRemoved':
          return undefined;
        default:
          return event satisfies never;
      }
    },
    readCount: (seq) => read.valueAt(seq) - 1,
    audienceCount: (seq) => present.valueAt(seq) - 1,
    explain,
    reading(userId) {
      const reader = readers.get(userId);
      if (reader === undefined) return undefined;
      const { active, mark: markedUpTo, stays } = reader;
      return { active, markedUpTo, memberAfterSeq: stays.at(-2) ?? 0 };
    },
    lastSeq: () => newest,
    memberCount: () => memberCount,
    byteLength: () => bytes + present.byteLength() + read.byteLength() + gone.byteLength(),
  };
}
