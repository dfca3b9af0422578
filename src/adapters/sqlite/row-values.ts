import type { SQLInputValue } from 'node:sqlite';
import type { ChangedGroup, Mention, MentionOfAll, StoredCommand, StoredMember } from '../../ports/row-store.ts';
import { type ChangedNames, namesOf } from './name-writes.ts';
import { countsText, groupValues, memberValues, messageValues } from './read-model-rows.ts';

export type Values = readonly SQLInputValue[];
/** The first value is the seq of the message that the row is about. */
export type ValuesOfMessage = readonly [seq: number, ...SQLInputValue[]];

/**
 * What a batch writes of one group, as values, and of what was there before only what writing needs. It is handed from one
 * thread to another, for which long lists cost little and small objects much.
 */
export interface GroupValues {
  readonly groupId: string;
  readonly isNew: boolean;
  /** Undefined where its row stays as it is. */
  readonly group: Values | undefined;
  /** Rows of members: of those who are new, and of those of whom more has changed than their mark. The id comes first. */
  readonly joined: readonly Values[];
  readonly members: readonly Values[];
  /** Members of whom only the mark has moved: one place in three lists. */
  readonly marked: {
    readonly userIds: readonly string[];
    readonly markedUpTo: readonly number[];
    readonly positions: readonly number[];
  };
  readonly names: ChangedNames;
  /** Of each of these members so many marks, which follow each other in two lists. */
  readonly marks: {
    readonly userIds: readonly string[];
    readonly counts: readonly number[];
    readonly upTo: readonly number[];
    readonly at: readonly number[];
  };
  /** Ascending: those that were there before, and those that are new. */
  readonly messages: readonly ValuesOfMessage[];
  readonly rewritten: readonly RewrittenMessage[];
  readonly reactions: readonly ValuesOfMessage[];
  readonly reactionCounts: readonly ValuesOfMessage[];
  readonly mentions: readonly Mention[];
  readonly mentionsOfAll: readonly MentionOfAll[];
  readonly commands: readonly StoredCommand[];
}

export interface RewrittenMessage {
  readonly seq: number;
  readonly textBefore: string | null;
  readonly text: string | null;
  /** Its text, the moments of edit and deletion, its position. */
  readonly values: Values;
}

export function valuesOf({ group: { before, after }, ...changed }: ChangedGroup): GroupValues {
  const { mentions, mentionsOfAll, commands } = changed;
  return {
    ...{ groupId: after.groupId, isNew: before === undefined, mentions, mentionsOfAll, commands },
    group: before === after ? undefined : groupValues(after),
    ...membersOf(changed),
    names: namesOf(changed),
    marks: marksOf(changed),
    ...messagesOf(changed),
    reactions: changed.reactions.map(({ after: { seq, emoji, userId, present, position } }) => {
      return [seq, emoji, userId, present ? 1 : 0, position];
    }),
    reactionCounts: changed.reactionCounts.map(({ after: row }) => [row.seq, countsText(row), row.position]),
  };
}

function membersOf({ members }: Pick<ChangedGroup, 'members'>): Pick<GroupValues, 'joined' | 'members' | 'marked'> {
  const joined: Values[] = [];
  const changed: Values[] = [];
  const marked = { userIds: [] as string[], markedUpTo: [] as number[], positions: [] as number[] };
  for (const { before, after } of members) {
    if (before === undefined) joined.push(memberValues(after));
    else if (!isOnlyMarked(before, after)) changed.push(memberValues(after));
    else {
      marked.userIds.push(after.userId);
      marked.markedUpTo.push(after.markedUpTo);
      marked.positions.push(after.position);
    }
  }
  return { joined, members: changed, marked };
}

/** Most changes by far; and an index need not be looked at. */
const isOnlyMarked = (before: StoredMember, after: StoredMember): boolean =>
  before.stays === after.stays &&
  before.active === after.active &&
  before.name === after.name &&
  before.role === after.role;

function marksOf({ marks }: Pick<ChangedGroup, 'marks'>): GroupValues['marks'] {
  return {
    userIds: marks.map(({ userId }) => userId),
    counts: marks.map(({ upTo }) => upTo.length),
    upTo: marks.flatMap(({ upTo }) => upTo),
    at: marks.flatMap(({ at }) => at),
  };
}

function messagesOf({ messages }: Pick<ChangedGroup, 'messages'>): Pick<GroupValues, 'messages' | 'rewritten'> {
  const added: ValuesOfMessage[] = [];
  const rewritten: RewrittenMessage[] = [];
  for (const { before, after } of messages) {
    const { seq, text, mentionsAll, editedAt, deletedAt, sentHash, position } = after;
    if (before === undefined) added.push([seq, ...messageValues(after)]);
    else {
      const values = [text, mentionsAll ? 1 : 0, editedAt, deletedAt, sentHash, position];
      rewritten.push({ seq, textBefore: before.text, text, values });
    }
  }
  return { messages: added.sort(bySeq), rewritten: rewritten.sort((a, b) => a.seq - b.seq) };
}

const bySeq = ([a]: ValuesOfMessage, [b]: ValuesOfMessage): number => a - b;
