import { type Position, startOfLog } from '../ports/event-log.ts';
import type {
  ChangedGroup,
  ChangedRow,
  LoadedRows,
  Mention,
  MentionOfAll,
  Rewrite,
  RowKeys,
  StoredCommand,
  StoredGroup,
  StoredMember,
  StoredMessage,
  StoredReaction,
  StoredReactionCounts,
} from '../ports/row-store.ts';
import type { Change, ChangeOf } from './changes.ts';
import { collectMarks } from './member-marks.ts';
import { countedAt, foldGroup } from './rows/group.ts';
import { foldMember, type MemberChange } from './rows/member.ts';
import { foldMessage, type MessageChange } from './rows/message.ts';
import { foldReaction, foldReactionCounts, idOfReaction, type ReactionChange } from './rows/reaction.ts';

/** A row as it stands in the store, undefined where it does not, and as the changes so far have made it. */
export interface RowEntry<Row> {
  before: Row | undefined;
  after: Row | undefined;
}

/** What is kept of a group from one batch to the next. */
export interface KnownGroup {
  readonly row: RowEntry<StoredGroup> & { after: StoredGroup };
  /** By user id, of those that a change was about: also of those who are not there. */
  readonly members: Map<string, RowEntry<StoredMember>>;
}

/** What a batch changes in one group, as it is folded. */
export interface GroupBatch {
  /** The rows that the changes depend on and that are not known; undefined where there are none. */
  missing(): RowKeys | undefined;
  /** Takes what was found of them: what was not is not there. */
  take(found: LoadedRows): void;
  /** Applies the changes in their order. */
  fold(): void;
  /** Undefined where nothing has changed. `checkpoint`: everything up to there is in this batch or was before it. */
  changed(checkpoint: Position): ChangedGroup | undefined;
  /** What has changed is in the store, or will be before what the next batch changes. */
  isUnderWay(): void;
}

export function createGroupBatch(known: KnownGroup, changes: readonly Change[]): GroupBatch {
  const { row, members } = known;
  const { groupId } = row.after;
  const messages = new Map<number, RowEntry<StoredMessage>>();
  const reactions = new Map<string, RowEntry<StoredReaction>>();
  const reactionCounts = new Map<number, RowEntry<StoredReactionCounts>>();
  const marks = collectMarks();
  const mentions: Mention[] = [];
  const mentionsOfAll: MentionOfAll[] = [];
  const commands = new Map<string, StoredCommand>();
  const rewrites: Rewrite[] = [];
  const changedMembers = new Set<RowEntry<StoredMember>>();
  /** Where the newest mark stands that has counted. */
  let newestMark = startOfLog;
  /** Messages that were there before the batch have no higher seq. */
  const storedSeq = row.before?.lastSeq ?? 0;

  function changeMember(change: MemberChange): void {
    const entry = entryOf(members, change.userId);
    const after = foldMember(entry.after, change);
    if (after === entry.after) return;
    entry.after = after;
    changedMembers.add(entry);
    if (change.type !== 'advanceMark') return;
    marks.add(change);
    newestMark = Math.max(newestMark, change.position);
  }

  function changeMessage(change: MessageChange): void {
    const entry = entryOf(messages, change.seq);
    entry.after = foldMessage(entry.after, change);
    if (change.type === 'putMessage') return;
    const text = change.type === 'editMessage' ? change.text : null;
    rewrites.push({ seq: change.seq, text, position: change.position });
  }

  function react(change: ReactionChange): void {
    const entry = entryOf(reactions, idOfReaction(change));
    const before = entry.after;
    const after = foldReaction(before, change);
    if (after === before) return;
    entry.after = after;
    const counts = entryOf(reactionCounts, change.seq);
    counts.after = foldReactionCounts(counts.after, { before, after });
  }

  function putCommand({ actorId, commandId, digest, addedUpTo, position }: ChangeOf<'putCommand'>): void {
    // In the order of the log: the newest comes last.
    commands.set(`${actorId} ${commandId}`, { actorId, commandId, digest, addedUpTo, position });
  }

  function apply(change: Change): void {
    switch (change.type) {
      case 'putGroup':
      case 'renameGroup':
      case 'setMemberCount':
      case 'advanceGroup':
      case 'haltGroup':
      case 'resumeGroup':
        row.after = foldGroup(row.after, change);
        return;
      case 'putMember':
      case 'endMembership':
      case 'setRole':
      case 'setMemberName':
      case 'advanceMark':
        changeMember(change);
        return;
      case 'putMessage':
      case 'editMessage':
      case 'deleteMessage':
        changeMessage(change);
        return;
      case 'putReaction':
      case 'removeReaction':
        react(change);
        return;
      case 'putMention':
        mentions.push({ userId: change.userId, seq: change.seq, position: change.position });
        return;
      case 'putMentionOfAll':
        // The first of a message stands, here as in the store.
        if (mentionsOfAll.some(({ seq }) => seq === change.seq)) return;
        mentionsOfAll.push({ authorId: change.authorId, seq: change.seq, position: change.position });
        return;
      case 'putCommand':
        putCommand(change);
        return;
      default:
        change satisfies never;
    }
  }

  return {
    missing: () => missingKeys({ groupId, members, storedSeq }, changes),
    take(found) {
      for (const one of found.members) install(entryOf(members, one.userId), one);
      for (const one of found.messages) install(entryOf(messages, one.seq), one);
      for (const one of found.reactions) install(entryOf(reactions, idOfReaction(one)), one);
      for (const one of found.reactionCounts) install(entryOf(reactionCounts, one.seq), one);
    },
    fold() {
      for (const change of changes) apply(change);
      row.after = countedAt(row.after, newestMark);
    },
    changed(checkpoint) {
      const lists = {
        members: changedOf(changedMembers),
        messages: changedOf(messages.values()),
        reactions: changedOf(reactions.values()),
        reactionCounts: changedOf(reactionCounts.values()),
      };
      const facts = { mentions, mentionsOfAll, rewrites, marks: marks.all(), commands: [...commands.values()] };
      const hasRows = [...Object.values(lists), ...Object.values(facts)].some((list) => list.length > 0);
      if (!hasRows && row.after === row.before) return undefined;
      return { group: { ...row }, upTo: upToOf(row.after, changes, checkpoint), ...lists, ...facts };
    },
    isUnderWay() {
      row.before = row.after;
      for (const entry of changedMembers) entry.before = entry.after;
    },
  };
}

function entryOf<Key, Row>(entries: Map<Key, RowEntry<Row>>, key: Key): RowEntry<Row> {
  let entry = entries.get(key);
  if (entry === undefined) {
    entry = { before: undefined, after: undefined };
    entries.set(key, entry);
  }
  return entry;
}

function install<Row>(entry: RowEntry<Row>, row: Row): void {
  entry.before = row;
  entry.after = row;
}

function changedOf<Row>(entries: Iterable<RowEntry<Row>>): ChangedRow<Row>[] {
  const changed: ChangedRow<Row>[] = [];
  for (const { before, after } of entries) {
    if (after !== undefined && after !== before) changed.push({ before, after });
  }
  return changed;
}

/** A message beyond the group's newest stored one is not there yet: the batch brings it itself. */
function missingKeys(
  { groupId, members, storedSeq }: Pick<KnownGroup, 'members'> & { groupId: string; storedSeq: number },
  changes: readonly Change[],
): RowKeys | undefined {
  const userIds = new Set<string>();
  const seqs = new Set<number>();
  const reactions = new Map<string, RowKeys['reactions'][number]>();
  const countedSeqs = new Set<number>();
  for (const change of changes) {
    switch (change.type) {
      case 'putMember':
      case 'endMembership':
      case 'setRole':
      case 'setMemberName':
      case 'advanceMark':
        if (!members.has(change.userId)) userIds.add(change.userId);
        break;
      case 'putMessage':
      case 'editMessage':
      case 'deleteMessage':
        if (change.seq <= storedSeq) seqs.add(change.seq);
        break;
      case 'putReaction':
      case 'removeReaction': {
        const { seq, emoji, userId } = change;
        if (seq > storedSeq) break;
        reactions.set(idOfReaction(change), { seq, emoji, userId });
        countedSeqs.add(seq);
        break;
      }
      default:
    }
  }
  if (userIds.size + seqs.size + reactions.size === 0) return undefined;
  const places = { seqs: [...seqs], reactions: [...reactions.values()], countedSeqs: [...countedSeqs] };
  return { groupId, userIds: [...userIds], ...places };
}

/** Of a halted group nothing is there beyond its own events: the checkpoint says so of the others alone. */
function upToOf({ haltedAt }: StoredGroup, changes: readonly Change[], checkpoint: Position): Position {
  let upTo = haltedAt === null ? checkpoint : Number.NEGATIVE_INFINITY;
  for (const { type, position } of changes) upTo = Math.max(upTo, type === 'haltGroup' ? position - 1 : position);
  return upTo;
}
