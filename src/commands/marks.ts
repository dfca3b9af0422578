import { Map as PersistentMap } from 'immutable';
import type { ReadsEvent } from '../events/event.ts';
import { ownString, stringBytes } from '../memory/string-bytes.ts';
import { requireMember } from './decide-membership.ts';
import type { CommandEnvelope, Decider } from './decider.ts';
import type { GroupState } from './group-state.ts';
import { type Decision, refuse } from './refusal.ts';

export type MarkReadUpTo = CommandEnvelope & {
  readonly type: 'MarkReadUpTo';
  readonly groupId: string;
  readonly upTo: number;
};

export interface MarksState {
  /** The highest mark of each reader that stands in the `reads-…` stream. */
  readonly marks: PersistentMap<string, number>;
  /** About how many bytes of heap they take. */
  readonly byteLength: number;
}

/** Measured: an entry of a persistent map with its share of the nodes. */
const bytesPerMark = 150;

/** About how many bytes of heap a reader's mark takes. */
export const markBytes = (userId: string): number => bytesPerMark + stringBytes(userId);

/** What a mark is measured against: the group as it is now. */
export interface MarksContext {
  readonly group: GroupState;
}

/**
 * A member marks what is there. A mark that does not advance is accepted and changes nothing.
 *
 * One exception: a mark that reached the log after its reader had left counts nothing, yet it stands in this state. One
 * who has returned may therefore mark again what was there before the present stay. So may one of whom another program has
 * left a mark beyond the newest message.
 */
function decideMark(command: MarkReadUpTo, state: MarksState, { group }: MarksContext): Decision<ReadsEvent> {
  const actor = requireMember(group, command.actorId);
  if ('refused' in actor) return actor;
  if (command.upTo > group.lastSeq) return refuse({ kind: 'beyond-newest', lastSeq: group.lastSeq });
  if (command.upTo < 0) return refuse({ kind: 'bad-value', field: 'upTo', problem: 'is negative' });
  const standing = state.marks.get(command.actorId) ?? 0;
  const mayStandVoid = standing > group.lastSeq || (actor.returned && command.upTo <= actor.afterSeq);
  if (command.upTo === 0 || (!mayStandVoid && command.upTo <= standing)) return [];
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
  initialState: { marks: PersistentMap(), byteLength: 0 },
  evolve: (state, { data: { userId, upTo } }) => {
    const standing = state.marks.get(userId);
    if (upTo <= (standing ?? 0)) return state;
    if (standing !== undefined) return { ...state, marks: state.marks.set(userId, upTo) };
    return { marks: state.marks.set(ownString(userId), upTo), byteLength: state.byteLength + markBytes(userId) };
  },
  decide: decideMark,
  coalesce: highestPerReader,
};
