import { Map as PersistentMap } from 'immutable';
import type { GroupEvent, ReadsEvent } from '../events/event.ts';
import { laterOf } from '../events/moments.ts';
import { markCounts } from '../events/reads.ts';
import { groupStream, readsStream, type StreamName } from '../events/stream-name.ts';
import {
  type EventLog,
  noStream,
  type Position,
  type RecordedEvent,
  startOfLog,
  type Version,
} from '../ports/event-log.ts';
import type { GroupSnapshot } from '../ports/group-snapshots.ts';
import type { HaltedGroups } from '../ports/halted-groups.ts';
import { type MarksState, markBytes } from './marks.ts';
import type { Warm } from './warm-state.ts';

interface Reader {
  active: boolean;
  markedUpTo: number;
}

/**
 * The marks of a group as they counted, which its two streams say together: a mark that reached the log after its reader
 * had left counts nothing, and sending moves the author's own. On a snapshot, or from the first event, up to what is the
 * log's end when it begins. It reads the group's stream a second time, so it is for marks that are in doubt.
 */
export async function countedMarks(
  log: Pick<EventLog, 'readStream' | 'endPosition'>,
  halted: Pick<HaltedGroups, 'fold'>,
  groupId: string,
  snapshot: GroupSnapshot | undefined,
): Promise<Warm<MarksState>> {
  const countedThrough = Math.max(await log.endPosition(), snapshot?.position ?? startOfLog);
  const readers = new Map<string, Reader>();
  for (const { userId, active, markedUpTo } of snapshot?.members ?? []) readers.set(userId, { active, markedUpTo });
  let lastSeq = snapshot?.group.lastSeq ?? 0;
  let lastAt = snapshot?.group.lastAt ?? undefined;
  let version = snapshot?.group.readsVersion ?? noStream;

  function mark(userId: string, upTo: number): void {
    const reader = readers.get(userId);
    if (reader !== undefined && markCounts(reader, upTo)) reader.markedUpTo = upTo;
  }

  function apply(event: GroupEvent | ReadsEvent): void {
    switch (event.type) {
      case 'MembersAdded':
        for (const { userId } of event.data.members) {
          readers.set(userId, { active: true, markedUpTo: readers.get(userId)?.markedUpTo ?? 0 });
        }
        return;
      case 'MemberLeft':
      case 'MemberRemoved': {
        const reader = readers.get(event.data.userId);
        if (reader !== undefined) reader.active = false;
        return;
      }
      case 'MessageSent':
        lastSeq = event.data.seq;
        mark(event.data.authorId, event.data.seq);
        return;
      case 'ReadUpTo':
        mark(event.data.userId, Math.min(event.data.upTo, lastSeq));
        return;
      default:
    }
  }

  const after = { group: snapshot?.group.version ?? noStream, reads: version };
  for await (const recorded of inOrder(log, groupId, after)) {
    if (recorded.position > countedThrough) break;
    // The two streams hold events of their families only.
    halted.fold(recorded, ({ event, metadata }) => {
      lastAt = laterOf(metadata.at, lastAt);
      apply(event as GroupEvent | ReadsEvent);
    });
    if (recorded.streamName === readsStream(groupId)) version = recorded.version;
  }
  return { state: stateOf(readers, countedThrough, lastAt), version, position: countedThrough };
}

function stateOf(
  readers: ReadonlyMap<string, Reader>,
  countedThrough: Position,
  lastAt: string | undefined,
): MarksState {
  const marks = [...readers].map(([userId, { markedUpTo }]) => {
    return [userId, { upTo: markedUpTo, position: countedThrough }] as const;
  });
  const byteLength = marks.reduce((bytes, [userId]) => bytes + markBytes(userId), 0);
  return { marks: PersistentMap(marks), countedThrough, lastAt, byteLength };
}

const pageSize = 1_000;

/** A group's two streams after these versions, in the order of the log, a page of each at a time. */
async function* inOrder(
  log: Pick<EventLog, 'readStream'>,
  groupId: string,
  after: { readonly group: Version; readonly reads: Version },
): AsyncGenerator<RecordedEvent, undefined> {
  const tails = [
    readOn(log, groupStream(groupId), after.group),
    readOn(log, readsStream(groupId), after.reads),
  ] as const;
  let [group, reads] = [await tails[0].next(), await tails[1].next()];
  while (!group.done || !reads.done) {
    if (!group.done && (reads.done || group.value.position < reads.value.position)) {
      yield group.value;
      group = await tails[0].next();
    } else if (!reads.done) {
      yield reads.value;
      reads = await tails[1].next();
    }
  }
}

async function* readOn(
  log: Pick<EventLog, 'readStream'>,
  streamName: StreamName,
  after: Version,
): AsyncGenerator<RecordedEvent, undefined> {
  for (let from = after + 1; ; from += pageSize) {
    const page = await log.readStream(streamName, from, pageSize);
    yield* page;
    if (page.length < pageSize) return;
  }
}
