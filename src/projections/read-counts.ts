import type { GroupEvent, ReadsEvent } from '../events/event.ts';
import { requireInOrder } from '../events/group-order.ts';
import { markCounts } from '../events/reads.ts';
import { stringBytes } from '../memory/string-bytes.ts';
import { type Position, startOfLog } from '../ports/event-log.ts';
import { type MemberRow, MomentPassed } from '../ports/read-models.ts';
import { type Change, type CountsNow, type Reader, readingOf, toldOf } from './counts-now.ts';
import { createFenwickTree, type FenwickTree } from './fenwick-tree.ts';
import { createRecentChanges } from './recent-changes.ts';

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
export interface ReadCounts extends CountsNow {
  /**
   * Folds the group's next event, in the order of the whole log. Says whose counts may have changed. Throws
   * UndecodableEvent where the event is out of the group's order; the counts are then as they were.
   */
  apply(event: GroupEvent | ReadsEvent, position: Position): ChangedCounts | undefined;
  /**
   * The counts as they were when everything up to a position was folded, and nothing after it: to be asked at once, before
   * anything else is folded. Undefined where what came after it is no longer known one by one. Each answer takes as long as
   * there are changes after the position, besides what it takes of now.
   */
  asOf(position: Position): CountsNow | undefined;
  /** About how many bytes it holds, in O(1). */
  byteLength(): number;
}

const open = Number.POSITIVE_INFINITY;
/** Read models are behind by some hundred milliseconds at most, but where something is wrong. */
const rememberedChanges = 2_048;
/** Measured: a change with its place in the list. */
const bytesPerChange = 120;
/** Measured: a reader with the list of their stays, and the entry in the map. */
const bytesPerReader = 140;
const bytesPerStay = 24;
/** Measured: the functions and what they close over. */
const bytesPerGroup = 1_500;

/** From nothing, or from a group's member rows and its newest message as of one position. */
export function createReadCounts(from?: {
  readonly members: readonly MemberRow[];
  readonly lastSeq: number;
  readonly position?: Position;
}): ReadCounts {
  const readers = new Map<string, Reader>();
  const present = createFenwickTree();
  const read = createFenwickTree();
  const gone = createFenwickTree();
  let newest = from?.lastSeq ?? 0;
  let memberCount = 0;
  let bytes = bytesPerGroup;
  const changes = createRecentChanges<Change>(from?.position ?? startOfLog, rememberedChanges);
  /** That of the event that is being folded; undefined while rows are restored, which nothing takes back. */
  let at: Position | undefined;

  function note(change: Change): void {
    if (at !== undefined) changes.note(at, change);
  }

  function add(tree: FenwickTree, after: number, upTo: number, amount: number): void {
    tree.addToRange(after, upTo, amount);
    note({ tree, after, upTo, amount });
  }

  /** Adds to the messages in (after, upTo] that lie within the reader's stays. */
  function addWithinStays(tree: FenwickTree, { stays }: Reader, after: number, upTo: number, amount: number): void {
    for (let index = 0; index < stays.length; index += 2) {
      const from = stays[index] ?? 0;
      const to = stays[index + 1] ?? 0;
      if (to > after && from < upTo) add(tree, Math.max(from, after), Math.min(to, upTo), amount);
    }
  }

  function join(userId: string, afterSeq: number): void {
    const reader = readers.get(userId);
    if (reader?.active) return;
    note({ newest, memberCount });
    if (reader === undefined) {
      // As long as it is, and no longer: nearly everybody has one stay.
      const joined = { active: true, mark: 0, stays: [afterSeq, open] };
      readers.set(userId, joined);
      note({ reader: joined, before: undefined });
      bytes += bytesPerReader + stringBytes(userId);
    } else {
      note({ reader, before: readingOf(reader) });
      addWithinStays(gone, reader, reader.mark, open, -1);
      reader.stays.push(afterSeq, open);
      reader.active = true;
      bytes += bytesPerStay;
    }
    memberCount += 1;
    add(present, afterSeq, open, 1);
  }

  function leave(userId: string, afterSeq: number): void {
    const reader = readers.get(userId);
    if (!reader?.active) return;
    note({ newest, memberCount });
    note({ reader, before: readingOf(reader) });
    reader.stays[reader.stays.length - 1] = afterSeq;
    reader.active = false;
    memberCount -= 1;
    add(present, afterSeq, open, -1);
    addWithinStays(gone, reader, reader.mark, open, 1);
  }

  function mark(userId: string, upTo: number): ChangedCounts | undefined {
    const reader = readers.get(userId);
    if (reader === undefined || !markCounts({ active: reader.active, markedUpTo: reader.mark }, upTo)) return undefined;
    const changed = { after: reader.mark, upTo };
    note({ reader, before: readingOf(reader) });
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

  function fold(event: GroupEvent | ReadsEvent): ChangedCounts | undefined {
    switch (event.type) {
      case 'MembersAdded':
        for (const { userId } of event.data.members) join(userId, event.data.afterSeq);
        return undefined;
      case 'MemberLeft':
      case 'MemberRemoved':
        leave(event.data.userId, event.data.afterSeq);
        return undefined;
      case 'MessageSent':
        note({ newest, memberCount });
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
  }

  const folded = { readers, present, read, gone, totals: () => ({ newest, memberCount }) };
  return {
    apply(event, position) {
      if (event.type !== 'ReadUpTo') requireInOrder(event, newest);
      at = position;
      return fold(event);
    },
    ...toldOf(folded, () => nothing),
    asOf(position) {
      if (changes.since(position) === undefined) return undefined;
      return toldOf(folded, () => changes.since(position) ?? raise(position));
    },
    byteLength: () =>
      bytes + present.byteLength() + read.byteLength() + gone.byteLength() + changes.size() * bytesPerChange,
  };
}

const nothing: readonly Change[] = [];

function raise(position: Position): never {
  throw new MomentPassed(`too much has changed since ${position}`);
}
