import { type DecodedRecord, decodeRecorded } from '../events/decode-recorded.ts';
import { requireInOrder } from '../events/group-order.ts';
import { laterOf } from '../events/moments.ts';
import { parseStreamName } from '../events/stream-name.ts';
import { requireNextVersion, VersionMissing } from '../events/stream-order.ts';
import type { RecordedEvent, Version } from '../ports/event-log.ts';
import { haltReason } from '../ports/halted-groups.ts';
import type { HaltedGroup } from '../ports/read-models.ts';
import type { Checkpoint } from '../ports/row-store.ts';
import type { Change } from './changes.ts';
import { type AdvanceGroup, mergeAdvances } from './coalesce-changes.ts';
import type { GroupEnds } from './group-ends.ts';
import { projectEvent } from './project-event.ts';
import { noChanges } from './projected-event.ts';

/** A group's first event that cannot be read. Nothing of the group is projected from there on, also after a restart. */
export interface Poison extends HaltedGroup {
  readonly streamName: string;
  readonly version: number;
  /** Where the rows do not hold all that comes before it: the first version of its stream that they lack. */
  readonly missingVersion?: Version;
}

/** One event as the changes that it makes. What it said is let go of: a batch is held until it is applied. */
export interface ProjectedEntry {
  readonly groupId: string;
  readonly place: Pick<RecordedEvent, 'streamName' | 'version' | 'position'>;
  readonly changes: readonly Change[];
}

/** What is applied together. */
export interface ProjectedBatch {
  /** In the order of the log. */
  readonly entries: readonly ProjectedEntry[];
  readonly poison: readonly Poison[];
}

/**
 * While catching up, a batch holds so many bytes of heap: the more, the fewer rows are written again; one is held while the
 * one before is committed. Live, it holds what came together.
 */
export const bytesPerBatch = 48 * 1024 * 1024;
/**
 * What an event's changes take besides the texts in them, which are no longer than its data; 400 and twice the data was
 * within a tenth of the heap that was measured: 493 bytes for a mark, 837 for a message of 60 letters.
 */
const bytesPerEvent = 400;

export interface EventBatch {
  /** Where its newest event stands. */
  readonly checkpoint: Checkpoint | undefined;
  /**
   * Projects events, on ends of their groups that are loaded. What cannot be projected, whatever it throws, halts its group:
   * it is `halted` from there on.
   */
  add(events: readonly RecordedEvent[], ends: GroupEnds, halted: Set<string>): void;
  isFull(): boolean;
  projected(): ProjectedBatch;
}

export function createEventBatch(maximumBytes: number = bytesPerBatch): EventBatch {
  const entries: ProjectedEntry[] = [];
  const poison: Poison[] = [];
  let newest: RecordedEvent | undefined;
  let bytes = 0;

  function addNext(recorded: RecordedEvent, ends: GroupEnds, halted: Set<string>): void {
    const groupId = groupOf(recorded);
    if (groupId === undefined || halted.has(groupId)) return;
    const { streamName, version, position } = recorded;
    const place = { streamName, version, position };
    try {
      const changes = projectNext(ends, recorded);
      if (changes.length > 0) entries.push({ groupId, place, changes });
    } catch (error) {
      halted.add(groupId);
      poison.push(poisonOf({ groupId, place }, error));
    }
  }

  return {
    get checkpoint() {
      return newest && checkpointAt(newest);
    },
    add(events, ends, halted) {
      for (const recorded of events) {
        newest = recorded;
        bytes += bytesPerEvent + 2 * recorded.data.length;
        addNext(recorded, ends, halted);
      }
    },
    isFull: () => bytes >= maximumBytes,
    projected: () => ({ entries, poison }),
  };
}

const groupOf = ({ streamName }: RecordedEvent): string | undefined => parseStreamName(streamName)?.groupId;

/** The groups that events are of. */
export function groupsOf(events: readonly RecordedEvent[]): ReadonlySet<string> {
  const groupIds = new Set<string>();
  for (const recorded of events) {
    const groupId = groupOf(recorded);
    if (groupId !== undefined) groupIds.add(groupId);
  }
  return groupIds;
}

/** Everything up to and with this event. */
export const checkpointAt = ({ position, streamName, version, eventId }: RecordedEvent): Checkpoint => ({
  position,
  event: { streamName, version, eventId },
});

export function poisonOf({ groupId, place }: Omit<ProjectedEntry, 'changes'>, error: unknown): Poison {
  const { streamName, version, position } = place;
  const poison = { groupId, position, reason: haltReason(place, error), streamName, version };
  return error instanceof VersionMissing ? { ...poison, missingVersion: error.version } : poison;
}

export const haltOf = ({ groupId, position, reason }: HaltedGroup): Change => ({
  type: 'haltGroup',
  groupId,
  position,
  reason,
});

function projectNext(ends: GroupEnds, recorded: RecordedEvent): readonly Change[] {
  const decoded = decodeRecorded(recorded);
  if (decoded.family === 'imports') return noChanges;
  const { version, position } = recorded;
  const { groupId, event, metadata } = decoded;
  const end = ends.of(groupId);
  const readAt = laterOf(metadata.at, end.lastMessageAt);
  if (decoded.family === 'group') {
    // What the rows hold already is applied again as it is: it was in order when it came.
    if (version > end.version) {
      requireNextVersion(recorded, end.version + 1);
      requireInOrder(decoded.event, end.lastSeq);
      const sent =
        decoded.event.type === 'MessageSent' ? { lastSeq: decoded.event.data.seq, lastMessageAt: readAt } : {};
      ends.set({ ...end, version, ...sent });
    }
    return projectEvent({ event, metadata, groupId, version, position, readAt });
  }
  if (version <= end.readsVersion) return noChanges;
  requireNextVersion(recorded, end.readsVersion + 1);
  ends.set({ ...end, readsVersion: version });
  return projectEvent({ event: upToNewest(decoded, end.lastSeq), metadata, groupId, version, position, readAt });
}

/** A mark beyond the newest message, which no command leaves, marks what is there. */
function upToNewest({ event }: Extract<DecodedRecord, { family: 'reads' }>, lastSeq: number): typeof event {
  return event.data.upTo <= lastSeq ? event : { ...event, data: { ...event.data, upTo: lastSeq } };
}

/** In the order of the log, but for the advances of groups: one a group, last, as within one event. */
export function changesOf(entries: readonly ProjectedEntry[]): readonly Change[] {
  const changes: Change[] = [];
  const advances = new Map<string, AdvanceGroup>();
  for (const entry of entries) {
    for (const change of entry.changes) {
      if (change.type !== 'advanceGroup') changes.push(change);
      else {
        const earlier = advances.get(change.groupId);
        advances.set(change.groupId, earlier === undefined ? change : mergeAdvances(earlier, change));
      }
    }
  }
  return [...changes, ...advances.values()];
}
