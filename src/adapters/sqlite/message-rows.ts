import type { DatabaseSync } from 'node:sqlite';
import type { Change } from '../../ports/changes.ts';
import { searchWords } from '../../ports/search-words.ts';
import { prepareBulkInsert } from './bulk-insert.ts';
import type { GroupEntry } from './group-rows.ts';
import { messageKeyOf } from './read-model-file.ts';
import { fromIds, prepareQuery } from './read-model-rows.ts';

type ChangeOf<Type> = Extract<Change, { readonly type: Type }>;

/** What of a message may change. */
interface MessageEntry {
  readonly key: number;
  text: string | null;
  editedAt: string | null;
  deletedAt: string | null;
  position: number;
  /** The text that the full-text index holds words of. */
  readonly indexed: string | null;
  /** Undefined for a message that is in the file. */
  readonly sent: ChangeOf<'putMessage'> | undefined;
}

export interface MessageRows {
  put(group: GroupEntry, change: ChangeOf<'putMessage'>): void;
  change(group: GroupEntry, change: ChangeOf<'editMessage' | 'deleteMessage'>): void;
  react(group: GroupEntry, change: ChangeOf<'putReaction' | 'removeReaction'>): void;
  mention(group: GroupEntry, change: ChangeOf<'putMention'>): void;
  mentionAll(group: GroupEntry, change: ChangeOf<'putMentionOfAll'>): void;
  /** Writes what has changed: every message once, however often it changed. */
  flush(): void;
  forget(): void;
}

export function createMessageRows(database: DatabaseSync): MessageRows {
  const pending = new Map<number, MessageEntry>();
  const select = prepareQuery<readonly [string | null, string | null, string | null, number]>(
    database,
    'SELECT text, edited_at, deleted_at, position FROM messages WHERE message_key = ?',
  );
  const insertMessages = prepareBulkInsert(database, 'messages', 13, 8);
  const update = database.prepare(
    'UPDATE messages SET text = ?, edited_at = ?, deleted_at = ?, position = ? WHERE message_key = ?',
  );
  const insertWords = database.prepare('INSERT INTO message_words (rowid, words) VALUES (?, ?)');
  const deleteWords = database.prepare(
    `INSERT INTO message_words (message_words, rowid, words) VALUES ('delete', ?, ?)`,
  );
  const react = database.prepare(
    `INSERT INTO reactions VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE
     SET present = excluded.present, position = excluded.position WHERE excluded.position > position`,
  );
  const mention = database.prepare('INSERT OR IGNORE INTO mentions VALUES (?, ?, ?)');
  const mentionAll = database.prepare('INSERT OR IGNORE INTO mentions_of_all VALUES (?, ?, ?)');

  function find(key: number): MessageEntry | undefined {
    const known = pending.get(key);
    if (known !== undefined) return known;
    const row = select.get(key);
    if (row === undefined) return undefined;
    const [text, editedAt, deletedAt, position] = row;
    return { key, text, editedAt, deletedAt, position, indexed: text, sent: undefined };
  }

  /** The index takes rows in ascending order at once and is written out whenever one comes that is not. */
  function writeWords({ key, text, indexed }: MessageEntry): void {
    if (text === indexed) return;
    if (indexed !== null) deleteWords.run(key, searchWords(indexed).join(' '));
    if (text !== null) insertWords.run(key, searchWords(text).join(' '));
  }

  return {
    put(group, change) {
      const key = messageKeyOf(group.key, change.seq);
      // Messages come in the order of their seqs: only one that is not beyond the newest can be here already.
      if (change.seq <= group.storedSeq && find(key) !== undefined) return;
      const { text, position } = change;
      pending.set(key, { key, text, editedAt: null, deletedAt: null, position, indexed: null, sent: change });
      group.storedSeq = Math.max(group.storedSeq, change.seq);
    },
    change(group, change) {
      const message = find(messageKeyOf(group.key, change.seq));
      if (message === undefined || change.position <= message.position) return;
      message.position = change.position;
      if (change.type === 'deleteMessage') {
        message.text = null;
        message.deletedAt ??= change.deletedAt;
      } else if (message.deletedAt === null) {
        message.text = change.text;
        message.editedAt = change.editedAt;
      }
      pending.set(message.key, message);
    },
    react(group, { type, seq, emoji, userId, position }) {
      react.run(messageKeyOf(group.key, seq), emoji, userId, type === 'putReaction' ? 1 : 0, position, position);
    },
    mention(group, { seq, userId, position }) {
      mention.run(userId, position, messageKeyOf(group.key, seq));
    },
    mentionAll(group, { seq, position }) {
      mentionAll.run(group.key, position, seq);
    },
    flush() {
      const messages = [...pending.values()].sort((a, b) => a.key - b.key);
      insertMessages(
        messages.flatMap((message) => (message.sent === undefined ? [] : [newRow(message, message.sent)])),
      );
      for (const { key, text, editedAt, deletedAt, position, sent } of messages) {
        if (sent === undefined) update.run(text, editedAt, deletedAt, position, key);
      }
      for (const message of messages) writeWords(message);
      pending.clear();
    },
    forget: () => pending.clear(),
  };
}

function newRow({ key, text, editedAt, deletedAt, position }: MessageEntry, sent: ChangeOf<'putMessage'>) {
  const { messageId, authorId, sentAt, replyTo, mentions, mentionsAll, audienceCount } = sent;
  return [
    ...[key, messageId, authorId, text, sentAt, editedAt, deletedAt, replyTo],
    ...[fromIds(mentions), mentionsAll ? 1 : 0, audienceCount, sent.position, position],
  ];
}
