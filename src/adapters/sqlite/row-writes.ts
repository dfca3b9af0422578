import type { DatabaseSync } from 'node:sqlite';
import { ReadModelsCorrupt } from '../../ports/read-model-faults.ts';
import { searchWords } from '../../ports/search-words.ts';
import { prepareBulkInsert } from './bulk-insert.ts';
import { prepareNames } from './name-writes.ts';
import { messageKeyOf } from './read-model-file.ts';
import { groupColumns, memberColumns, messageColumns } from './read-model-rows.ts';
import type { GroupKeys, RowKeys } from './row-keys.ts';
import type { GroupValues, Values, ValuesOfMessage } from './row-values.ts';

interface KeyedGroup extends GroupValues {
  readonly keys: GroupKeys;
}

/** Writes what a batch has changed, every row once, table after table and each in the order of its keys. */
export function prepareRowWrites(database: DatabaseSync, rowKeys: RowKeys): (changed: readonly GroupValues[]) => void {
  const tables = [
    prepareGroups(database),
    prepareMembers(database, rowKeys),
    prepareMessages(database),
    prepareWords(database),
    prepareNames(database),
    prepareMarks(database, rowKeys),
    ...prepareLists(database),
  ];
  return (changed) => {
    const groups = changed
      .map((group) => ({ ...group, keys: keysOf(group, rowKeys) }))
      .sort((a, b) => a.keys.key - b.keys.key);
    for (const write of tables) write(groups);
  };
}

const byKey = (a: { readonly key: number }, b: { readonly key: number }): number => a.key - b.key;

function keysOf({ groupId, isNew }: GroupValues, rowKeys: RowKeys): GroupKeys {
  return isNew ? rowKeys.addGroup(groupId) : rowKeys.group(groupId);
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
    for (const { keys, isNew, group } of groups) {
      if (group === undefined) continue;
      if (isNew) added.push([keys.key, ...group]);
      else update(...group.slice(1), keys.key);
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
    const changed: { readonly key: number; readonly values: Values }[] = [];
    for (const { keys, joined, members, marked } of groups) {
      for (const values of [...joined].sort(inOrder)) {
        added.push([rowKeys.addMember(keys, String(values[0])), keys.key, ...values]);
      }
      for (const [userId, ...values] of members) changed.push({ key: rowKeys.member(keys, String(userId)), values });
      for (const [index, userId] of marked.userIds.entries()) {
        const values = [marked.markedUpTo[index] ?? null, marked.positions[index] ?? null];
        changed.push({ key: rowKeys.member(keys, userId), values });
      }
    }
    insert(added);
    for (const { key, values } of changed.sort(byKey)) {
      if (values.length === 2) updateMark(...values, key);
      else update(...values, key);
    }
  };
}

function prepareMessages(database: DatabaseSync): (groups: readonly KeyedGroup[]) => void {
  const insert = prepareBulkInsert(database, 'messages', messageColumns.length + 1, 8);
  const columns = ['text', 'mentions_all', 'edited_at', 'deleted_at', 'sent_hash', 'position'];
  const update = prepareUpdate(database, 'messages', columns, 'message_key');
  return (groups) => {
    for (const { keys, rewritten } of groups) {
      for (const { seq, values } of rewritten) update(...values, messageKeyOf(keys.key, seq));
    }
    insert(withMessageKeys(groups, ({ messages }) => messages));
  };
}

/** Groups come in the order of their keys, and the rows of each as they are. */
function* withMessageKeys(
  groups: readonly KeyedGroup[],
  rowsOf: (group: KeyedGroup) => readonly ValuesOfMessage[],
): Generator<Values> {
  for (const group of groups) {
    for (const [seq, ...values] of rowsOf(group)) yield [messageKeyOf(group.keys.key, seq), ...values];
  }
}

/** The index takes rows in ascending order at once and is written out whenever one comes that is not. */
function prepareWords(database: DatabaseSync): (groups: readonly KeyedGroup[]) => void {
  const insert = database.prepare('INSERT INTO message_words (rowid, words) VALUES (?, ?)');
  const remove = database.prepare(`INSERT INTO message_words (message_words, rowid, words) VALUES ('delete', ?, ?)`);
  const wordsOf = (text: string): string => searchWords(text).join(' ');
  const place = 1 + messageColumns.indexOf('text');
  return (groups) => {
    for (const { keys, messages, rewritten } of groups) {
      // They were there before all that are new.
      for (const { seq, textBefore, text } of rewritten) {
        if (text === textBefore) continue;
        if (textBefore !== null) remove.run(messageKeyOf(keys.key, seq), wordsOf(textBefore));
        if (text !== null) insert.run(messageKeyOf(keys.key, seq), wordsOf(text));
      }
      for (const values of messages) {
        const text = values[place];
        if (typeof text === 'string') insert.run(messageKeyOf(keys.key, values[0]), wordsOf(text));
      }
    }
  };
}

/** Most rows of all by far. A member's marks come in their order already: only members need be sorted. */
function prepareMarks(database: DatabaseSync, rowKeys: RowKeys): (groups: readonly KeyedGroup[]) => void {
  const insert = prepareBulkInsert(database, 'marks', 3, 32, keep);
  return (groups) => insert(rowsOf(groups));

  function* rowsOf(groups: readonly KeyedGroup[]): Generator<Values> {
    const members: { readonly key: number; readonly marks: GroupValues['marks']; from: number; to: number }[] = [];
    for (const { keys, marks } of groups) {
      let from = 0;
      for (const [index, userId] of marks.userIds.entries()) {
        const to = from + (marks.counts[index] ?? 0);
        members.push({ key: rowKeys.member(keys, userId), marks, from, to });
        from = to;
      }
    }
    for (const { key, marks, from, to } of members.sort(byKey)) {
      for (let index = from; index < to; index += 1) yield [key, marks.upTo[index] ?? null, marks.at[index] ?? null];
    }
  }
}

const keep = 'ON CONFLICT DO NOTHING';

/** Tables to which rows are added, or put in the place of earlier ones. A fact that is there already stays. */
function prepareLists(database: DatabaseSync): readonly ((groups: readonly KeyedGroup[]) => void)[] {
  function prepareList(
    table: string,
    [columns, rowsPerStatement]: readonly [number, number],
    onConflict: string,
    valuesOf: (groups: readonly KeyedGroup[]) => Iterable<Values>,
  ): (groups: readonly KeyedGroup[]) => void {
    const insert = prepareBulkInsert(database, table, columns, rowsPerStatement, onConflict);
    return (groups) => insert([...valuesOf(groups)].sort(inOrder));
  }
  const replace = (...columns: readonly string[]): string =>
    `ON CONFLICT DO UPDATE SET ${columns.map((column) => `${column} = excluded.${column}`).join(', ')}`;
  return [
    prepareList('reactions', [5, 8], replace('present', 'position'), (groups) =>
      withMessageKeys(groups, ({ reactions }) => reactions),
    ),
    prepareList('reaction_counts', [3, 8], replace('counts', 'position'), (groups) =>
      withMessageKeys(groups, ({ reactionCounts }) => reactionCounts),
    ),
    prepareList('mentions', [3, 8], keep, (groups) =>
      groups.flatMap(({ keys, mentions }) =>
        mentions.map(({ userId, seq, position }) => [userId, position, messageKeyOf(keys.key, seq)]),
      ),
    ),
    prepareList('mentions_of_all', [3, 8], keep, (groups) =>
      groups.flatMap(({ keys, mentionsOfAll }) => mentionsOfAll.map(({ seq, position }) => [keys.key, position, seq])),
    ),
    prepareList(
      'commands',
      [6, 8],
      `${replace('digest', 'added_up_to', 'position')} WHERE excluded.position > position`,
      (groups) =>
        groups.flatMap(({ keys, commands }) =>
          commands.map(({ actorId, commandId, digest, addedUpTo, position }) => {
            return [keys.key, actorId, commandId, digest, addedUpTo, position];
          }),
        ),
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
