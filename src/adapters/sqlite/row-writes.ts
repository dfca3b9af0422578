import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import { ReadModelsCorrupt } from '../../ports/read-model-faults.ts';
import type { ChangedGroup, ChangedRow, StoredMember, StoredMessage } from '../../ports/row-store.ts';
import { searchWords } from '../../ports/search-words.ts';
import { prepareBulkInsert } from './bulk-insert.ts';
import { prepareNames } from './name-writes.ts';
import { messageKeyOf } from './read-model-file.ts';
import {
  countsText,
  groupColumns,
  groupValues,
  memberColumns,
  memberValues,
  messageColumns,
  messageValues,
} from './read-model-rows.ts';
import type { GroupKeys, RowKeys } from './row-keys.ts';

type Values = readonly SQLInputValue[];

interface KeyedGroup extends ChangedGroup {
  readonly keys: GroupKeys;
}
interface Keyed<Row> extends ChangedRow<Row> {
  readonly key: number;
}

/** Writes what a batch has changed, every row once, table after table and each in the order of its keys. */
export function prepareRowWrites(database: DatabaseSync, rowKeys: RowKeys): (changed: readonly ChangedGroup[]) => void {
  const writeGroups = prepareGroups(database);
  const writeMembers = prepareMembers(database, rowKeys);
  const writeMessages = prepareMessages(database);
  const writeWords = prepareWords(database);
  const lists = [prepareNames(database), prepareMarks(database, rowKeys), ...prepareLists(database)];
  return (changed) => {
    const groups = changed
      .map((group) => ({ ...group, keys: keysOf(group, rowKeys) }))
      .sort((a, b) => a.keys.key - b.keys.key);
    writeGroups(groups);
    writeMembers(groups);
    const messages = groups
      .flatMap(({ keys, messages }) => messages.map((row) => ({ ...row, key: messageKeyOf(keys.key, row.after.seq) })))
      .sort(byKey);
    writeMessages(messages);
    writeWords(messages);
    for (const write of lists) write(groups);
  };
}

const byKey = (a: { readonly key: number }, b: { readonly key: number }): number => a.key - b.key;

function keysOf({ group: { before, after } }: ChangedGroup, rowKeys: RowKeys): GroupKeys {
  return before === undefined ? rowKeys.addGroup(after.groupId) : rowKeys.group(after.groupId);
}

/** An update of these columns of the row with a key, which is the last of its values. Throws ReadModelsCorrupt where it is gone. */
function prepareUpdate(database: DatabaseSync, table: string, columns: readonly string[], key: string) {
  const assignments = columns.map((column) => `${column} = ?`).join(', ');
  const update = database.prepare(`UPDATE ${table} SET ${assignments} WHERE ${key} = ?`);
  return (...values: Values): void => {
    if (Number(update.run(...values).changes) === 1) return;
    throw new ReadModelsCorrupt(`the row ${values.at(-1)} of ${table} is missing`);
  };
}

function prepareGroups(database: DatabaseSync): (groups: readonly KeyedGroup[]) => void {
  const insert = prepareBulkInsert(database, 'groups', groupColumns.length + 1, 8);
  const update = prepareUpdate(database, 'groups', groupColumns.slice(1), 'group_key');
  return (groups) => {
    const added: Values[] = [];
    for (const { keys, group } of groups) {
      if (group.before === undefined) added.push([keys.key, ...groupValues(group.after)]);
      else if (group.before !== group.after) update(...groupValues(group.after).slice(1), keys.key);
    }
    insert(added);
  };
}

function prepareMembers(database: DatabaseSync, rowKeys: RowKeys): (groups: readonly KeyedGroup[]) => void {
  const insert = prepareBulkInsert(database, 'members', memberColumns.length + 2, 10);
  const update = prepareUpdate(database, 'members', memberColumns.slice(1), 'member_key');
  const updateMark = prepareUpdate(database, 'members', memberColumns.slice(-2), 'member_key');
  return (groups) => {
    const added: Values[] = [];
    const changed: Keyed<StoredMember>[] = [];
    for (const { keys, members } of groups) {
      const joined: StoredMember[] = [];
      for (const row of members) {
        if (row.before === undefined) joined.push(row.after);
        else changed.push({ ...row, key: rowKeys.member(keys, row.after.userId) });
      }
      joined.sort((a, b) => (a.userId < b.userId ? -1 : 1));
      for (const member of joined)
        added.push([rowKeys.addMember(keys, member.userId), keys.key, ...memberValues(member)]);
    }
    insert(added);
    for (const { key, before, after } of changed.sort(byKey)) {
      if (before !== undefined && isOnlyMarked(before, after)) updateMark(after.markedUpTo, after.position, key);
      else update(...memberValues(after).slice(1), key);
    }
  };
}

/** Most changes by far; and an index need not be looked at. */
const isOnlyMarked = (before: StoredMember, after: StoredMember): boolean =>
  before.stays === after.stays &&
  before.active === after.active &&
  before.name === after.name &&
  before.role === after.role;

function prepareMessages(database: DatabaseSync): (messages: readonly Keyed<StoredMessage>[]) => void {
  const insert = prepareBulkInsert(database, 'messages', messageColumns.length + 1, 8);
  const columns = ['text', 'edited_at', 'deleted_at', 'position'];
  const update = prepareUpdate(database, 'messages', columns, 'message_key');
  return (messages) => {
    const added: Values[] = [];
    for (const { key, before, after } of messages) {
      if (before === undefined) added.push([key, ...messageValues(after)]);
      else update(after.text, after.editedAt, after.deletedAt, after.position, key);
    }
    insert(added);
  };
}

/** The index takes rows in ascending order at once and is written out whenever one comes that is not. */
function prepareWords(database: DatabaseSync): (messages: readonly Keyed<StoredMessage>[]) => void {
  const insert = database.prepare('INSERT INTO message_words (rowid, words) VALUES (?, ?)');
  const remove = database.prepare(`INSERT INTO message_words (message_words, rowid, words) VALUES ('delete', ?, ?)`);
  const wordsOf = (text: string): string => searchWords(text).join(' ');
  return (messages) => {
    for (const { key, before, after } of messages) {
      const indexed = before?.text ?? null;
      if (after.text === indexed) continue;
      if (indexed !== null) remove.run(key, wordsOf(indexed));
      if (after.text !== null) insert.run(key, wordsOf(after.text));
    }
  };
}

/** Most rows of all by far. A member's marks come in their order already: only members need be sorted. */
function prepareMarks(database: DatabaseSync, rowKeys: RowKeys): (groups: readonly KeyedGroup[]) => void {
  const insert = prepareBulkInsert(database, 'marks', 3, 32, keep);
  return (groups) => {
    const byMember = new Map<number, Values[]>();
    for (const { keys, marks } of groups) {
      for (const { userId, upTo, at } of marks) {
        const member = rowKeys.member(keys, userId);
        const values = [member, upTo, Date.parse(at)];
        const earlier = byMember.get(member);
        if (earlier === undefined) byMember.set(member, [values]);
        else earlier.push(values);
      }
    }
    const members = Float64Array.from(byMember.keys()).sort();
    insert(Array.from(members, (member) => byMember.get(member) ?? []).flat());
  };
}

const keep = 'ON CONFLICT DO NOTHING';

/** Tables to which rows are added, or put in the place of earlier ones. A fact that is there already stays. */
function prepareLists(database: DatabaseSync): readonly ((groups: readonly KeyedGroup[]) => void)[] {
  function prepareList(
    table: string,
    [columns, rowsPerStatement]: readonly [number, number],
    onConflict: string,
    valuesOf: (group: KeyedGroup) => readonly Values[],
  ): (groups: readonly KeyedGroup[]) => void {
    const insert = prepareBulkInsert(database, table, columns, rowsPerStatement, onConflict);
    return (groups) => insert(groups.flatMap(valuesOf).sort(inOrder));
  }
  const replace = (...columns: readonly string[]): string =>
    `ON CONFLICT DO UPDATE SET ${columns.map((column) => `${column} = excluded.${column}`).join(', ')}`;
  return [
    prepareList('reactions', [5, 8], replace('present', 'position'), ({ keys, reactions }) =>
      reactions.map(({ after: { seq, emoji, userId, present, position } }) => {
        return [messageKeyOf(keys.key, seq), emoji, userId, present ? 1 : 0, position];
      }),
    ),
    prepareList('reaction_counts', [3, 8], replace('counts', 'position'), ({ keys, reactionCounts }) =>
      reactionCounts.map(({ after }) => [messageKeyOf(keys.key, after.seq), countsText(after), after.position]),
    ),
    prepareList('mentions', [3, 8], keep, ({ keys, mentions }) =>
      mentions.map(({ userId, seq, position }) => [userId, position, messageKeyOf(keys.key, seq)]),
    ),
    prepareList('mentions_of_all', [3, 8], keep, ({ keys, mentionsOfAll }) =>
      mentionsOfAll.map(({ seq, position }) => [keys.key, position, seq]),
    ),
    prepareList(
      'commands',
      [6, 8],
      `${replace('digest', 'added_up_to', 'position')} WHERE excluded.position > position`,
      ({ keys, commands }) =>
        commands.map(({ actorId, commandId, digest, addedUpTo, position }) => {
          return [keys.key, actorId, commandId, digest, addedUpTo, position];
        }),
    ),
  ];
}

/** By their first columns, which are the table's key. */
function inOrder(a: Values, b: Values): number {
  for (let column = 0; column < a.length; column += 1) {
    const [value = null, other = null] = [a[column], b[column]];
    if (value !== other && value !== null && other !== null) return value < other ? -1 : 1;
  }
  return 0;
}
