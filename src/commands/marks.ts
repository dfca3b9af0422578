import { Map as PersistentMap } from 'immutable';
import type { ReadsEvent } from '../events/event.ts';
import { laterOf } from '../events/moments.ts';
import { ownString, stringBytes } from '../memory/string-bytes.ts';
import { type Position, startOfLog } from '../ports/event-log.ts';
import { requireMember } from './decide-membership.ts';
import type { CommandEnvelope, Decider } from './decider.ts';
import type { GroupState, Member } from './group-state.ts';
import { type Decision, refuse } from './refusal.ts';

export type MarkReadUpTo = CommandEnvelope & {
  readonly type: 'MarkReadUpTo';
  readonly groupId: string;
  readonly upTo: number;
};

/** The highest mark of a reader that the `reads-…` stream holds. */
export interface ReaderMark {
  readonly upTo: number;
  /** Where it stands; undefined while it is decided and not yet appended. */
  readonly position: Position | undefined;
}

export interface MarksState {
  readonly marks: PersistentMap<string, ReaderMark>;
  /**
   * Of the marks at or before this position the state holds those that counted; of later ones the highest, whether it
   * counted or not.
   */
  readonly countedThrough: Position;
  /** The latest moment of what has happened in the group, as far as this state knows; undefined before its first event. */
  readonly lastAt: string | undefined;
  /** About how many bytes of heap they take. */
  readonly byteLength: number;
}

/** Measured: an entry of a persistent map with its share of the nodes, and the mark's own fields. */
const bytesPerMark = 190;

/** About how many bytes of heap a reader's mark takes. */
export const markBytes = (userId: string): number => bytesPerMark + stringBytes(userId);

/** What a mark is measured against: the group as it is now, and the position of its newest event. */
export interface MarksContext {
  readonly group: GroupState;
  readonly groupPosition: Position;
}

/**
 * Whether the reader's highest mark may have counted nothing: it reached the log while they were gone, or another program
 * left it beyond the newest message. What had counted before it is not in this state then: see counted-marks.ts.
 */
export function isInDoubt(marks: MarksState, group: GroupState, userId: string): boolean {
  const mark = marks.marks.get(userId);
  if (mark?.position === undefined || mark.position <= marks.countedThrough) return false;
  const member = group.members.get(userId);
  return member !== undefined && (mark.position < member.since || mark.upTo > group.lastSeq);
}

/**
 * How far a member has read: the further of what they have marked and what they have sent themselves. A mark that is in
 * doubt is left out.
 */
export function markedUpTo(marks: MarksState, group: GroupState, userId: string, member: Member): number {
  const marked = isInDoubt(marks, group, userId) ? 0 : (marks.marks.get(userId)?.upTo ?? 0);
  return Math.max(marked, member.markedUpTo);
}

/** A member marks what is there. A mark that does not advance is accepted and changes nothing. */
function decideMark(command: MarkReadUpTo, state: MarksState, { group }: MarksContext): Decision<ReadsEvent> {
  const actor = requireMember(group, command.actorId);
  if ('refused' in actor) return actor;
  if (command.upTo > group.lastSeq) return refuse({ kind: 'beyond-newest', lastSeq: group.lastSeq });
  if (command.upTo < 0) return refuse({ kind: 'bad-value', field: 'upTo', problem: 'is negative' });
  if (command.upTo <= markedUpTo(state, group, command.actorId, actor)) return [];
  return [{ type: 'ReadUpTo', data: { groupId: command.groupId, userId: command.actorId, upTo: command.upTo } }];
}

/** Marks only move forward: of one append's marks of a reader the highest says it all. */
function highestPerReader(events: readonly ReadsEvent[]): readonly ReadsEvent[] {
  const highest = new Map<string, ReadsEvent>();
  for (const event of events) {
    const { userId, upTo } = event.data;
    if (upTo > (highest.get(userId)?.data.upTo ?? 0)) highest.set(userId, event);
  }
  return highest.size === events.length ? events : [...highest.values()];
}

/** Who has read up to where. One mark a reader, never a row a message. */
export const marksDecider: Decider<MarksState, MarkReadUpTo, ReadsEvent, MarksContext> = {
  initialState: { marks: PersistentMap(), countedThrough: startOfLog, lastAt: undefined, byteLength: 0 },
  evolve: (state, { data: { userId, upTo } }, { metadata, position }) => {
    const standing = state.marks.get(userId);
    const lastAt = ownString(laterOf(metadata.at, state.lastAt));
    if (upTo <= (standing?.upTo ?? 0)) return { ...state, lastAt };
    const mark = { upTo, position };
    if (standing !== undefined) return { ...state, lastAt, marks: state.marks.set(userId, mark) };
    const byteLength = state.byteLength + markBytes(userId);
    return { ...state, lastAt, marks: state.marks.set(ownString(userId), mark), byteLength };
  },
  lastAt: ({ lastAt }, { group }) => (lastAt === undefined ? group.lastAt : laterOf(lastAt, group.lastAt)),
  decide: decideMark,
  coalesce: highestPerReader,
};
