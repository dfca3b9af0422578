import type { Change } from '../../ports/changes.ts';
import type { Position } from '../../ports/event-log.ts';
import { searchWords } from '../../ports/search-words.ts';
import type { BatchRows, Facts } from './batch-rows.ts';
import { writeMilliseconds } from './connection.ts';
import { addDocuments, allSettled, type BatchWrite, chunksOf, putNewest } from './document-writes.ts';
import { idOf } from './documents.ts';
import { foldChange } from './fold-batch.ts';

/** What a batch changes in some groups: a batch is written a few groups at a time, so that none is on its way for long. */
export type Slice = ReadonlyMap<string, readonly Change[]>;

const changesPerSlice = 5_000;

/** Whole groups; the changes of one stay in order. */
export function* slicesOf(changes: readonly Change[]): Generator<Slice> {
  const groups = new Map<string, Change[]>();
  for (const change of changes) {
    const known = groups.get(change.groupId);
    if (known === undefined) groups.set(change.groupId, [change]);
    else known.push(change);
  }
  let slice = new Map<string, readonly Change[]>();
  let size = 0;
  for (const [groupId, ofGroup] of groups) {
    slice.set(groupId, ofGroup);
    size += ofGroup.length;
    if (size < changesPerSlice) continue;
    yield slice;
    slice = new Map();
    size = 0;
  }
  if (slice.size > 0) yield slice;
}

/**
 * Reads what the changes touch, folds them in memory, writes the documents in any order, and then the groups, by which
 * alone all of it is shown. Whatever ends it halfway leaves documents behind that nobody sees, and that the next attempt
 * writes again from the committed fields.
 */
export async function applySlice(
  write: BatchWrite,
  rows: BatchRows,
  slice: Slice,
  checkpoint: Position,
): Promise<void> {
  const { groups, memberships, messages, reactions, reactionCounts, facts } = rows;
  await groups.claim(write, [...slice.keys()]);
  const pending = unappliedChanges(rows, slice);
  const sent = new Set<string>();
  for (const change of pending) needOf(rows, sent, change);
  const { connection } = write;
  const versioned = [memberships, messages, reactions, reactionCounts];
  await allSettled(versioned.map((documents) => documents.load(connection, groups.appliedTo)));
  for (const change of pending) foldChange(rows, change);
  const { collections } = connection;
  await allSettled([
    ...versioned.map((documents) => documents.write(write)),
    addDocuments(write, collections.marks, facts.marks),
    addDocuments(write, collections.mentions, facts.mentions),
    addDocuments(write, collections.mentionsOfAll, facts.mentionsOfAll),
    putNewest(write, collections.commands, facts.commands),
  ]);
  await groups.commit(write, commitPositions(rows, pending, checkpoint));
  await eraseTexts(write, facts);
  for (const documents of versioned) documents.commit();
  for (const documents of [messages, reactions, reactionCounts]) documents.forget();
  for (const list of Object.values(facts)) list.length = 0;
}

/**
 * Changes that a group's commit says are in its documents already are left out, but for what goes by maximum. Those at
 * the very position of the commit are looked at again: of one event, half may have come before.
 */
function unappliedChanges({ groups, facts }: BatchRows, slice: Slice): readonly Change[] {
  const pending: Change[] = [];
  for (const [groupId, changes] of slice) {
    const appliedTo = groups.appliedTo(groupId);
    for (const change of changes) {
      if (change.type === 'editMessage' || change.type === 'deleteMessage') facts.rewrites.push(change);
      const goesByMaximum = change.type === 'advanceGroup' || change.type === 'resumeGroup';
      if (goesByMaximum || change.position >= appliedTo) pending.push(change);
    }
  }
  return pending;
}

function commitPositions(
  { groups }: BatchRows,
  pending: readonly Change[],
  checkpoint: Position,
): ReadonlyMap<string, Position> {
  const positions = new Map<string, Position>();
  for (const { type, groupId, position } of pending) {
    const appliedTo = groups.appliedTo(groupId);
    // Of a halted group nothing is there beyond its own events: the checkpoint says so of the others alone.
    const known = positions.get(groupId) ?? (groups.isHalted(groupId) ? appliedTo : Math.max(checkpoint, appliedTo));
    positions.set(groupId, Math.max(known, type === 'haltGroup' ? position - 1 : position));
  }
  return positions;
}

/**
 * Has the documents read that a change depends on. A message beyond the group's newest is not there yet, and what is in
 * `sent` the batch brings itself.
 */
function needOf(rows: BatchRows, sent: Set<string>, change: Change): void {
  const { groups, memberships, messages, reactions, reactionCounts } = rows;
  const { groupId } = change;
  switch (change.type) {
    case 'putMember':
    case 'endMembership':
    case 'setRole':
    case 'setMemberName':
    case 'advanceMark':
      memberships.need(idOf(groupId, change.userId));
      return;
    case 'putMessage':
      if (change.seq <= groups.lastSeq(groupId)) messages.need(idOf(groupId, change.seq));
      else sent.add(idOf(groupId, change.seq));
      return;
    case 'editMessage':
    case 'deleteMessage':
    case 'putMentionOfAll': {
      const id = idOf(groupId, change.seq);
      if (!sent.has(id)) messages.need(id);
      return;
    }
    case 'putReaction':
    case 'removeReaction':
      reactions.need(idOf(groupId, change.seq, change.userId, change.emoji));
      reactionCounts.need(idOf(groupId, change.seq));
      return;
    case 'putGroup':
    case 'renameGroup':
    case 'setMemberCount':
    case 'advanceGroup':
    case 'haltGroup':
    case 'resumeGroup':
    case 'putMention':
    case 'putCommand':
      return;
    default:
      change satisfies never;
  }
}

/**
 * The text of a message that is edited or deleted stays in the fields before until that is committed, and goes then. After
 * a crash in between, the batch comes again, and this with it. By the position a reader who still needs the text before
 * knows that there is none any more, and reads again.
 */
async function eraseTexts({ connection, requireHeld }: BatchWrite, { rewrites }: Facts): Promise<void> {
  const { timeline } = connection.collections;
  for (const chunk of chunksOf(rewrites, connection.updatesPerCommand())) {
    const operations = chunk.map((change) => {
      const { groupId, seq, position } = change;
      const text = change.type === 'editMessage' ? change.text : null;
      const filter = { _id: idOf(groupId, seq), position, 'previous.position': { $lt: position } };
      const words = [...new Set(searchWords(text ?? ''))];
      return {
        updateOne: { filter, update: { $set: { words, 'previous.text': text, 'previous.position': position } } },
      };
    });
    requireHeld();
    await connection.run(() => timeline.bulkWrite(operations, { ordered: false }), writeMilliseconds);
  }
}
