import type { ChangedGroup, ChangedRow, LoadedRows, RowKeys } from '../ports/row-store.ts';
import { idOfReaction } from './rows/reaction.ts';

/**
 * The rows of a commit that is under way: the store may not have them yet. Its groups and members are not asked for: they
 * are known for at least as long.
 */
export interface RowsUnderWay {
  /** What it changes of these rows, and the keys of all others. */
  find(keys: RowKeys): { readonly found: Omit<LoadedRows, 'members'>; readonly others: RowKeys };
}

interface RowsOfGroup {
  readonly messages: ReadonlyMap<number, LoadedRows['messages'][number]>;
  readonly reactions: ReadonlyMap<string, LoadedRows['reactions'][number]>;
  readonly reactionCounts: ReadonlyMap<number, LoadedRows['reactionCounts'][number]>;
}

/** Few groups are asked about by key: each is put in order when it is. */
export function createRowsUnderWay(changed: readonly ChangedGroup[]): RowsUnderWay {
  const groups = new Map(changed.map((one) => [one.group.after.groupId, one]));
  const byKey = new Map<string, RowsOfGroup>();

  function rowsOf(groupId: string): RowsOfGroup | undefined {
    const known = byKey.get(groupId);
    const one = groups.get(groupId);
    if (known !== undefined || one === undefined) return known;
    const rows = {
      messages: keyed(one.messages, ({ seq }) => seq),
      reactions: keyed(one.reactions, idOfReaction),
      reactionCounts: keyed(one.reactionCounts, ({ seq }) => seq),
    };
    byKey.set(groupId, rows);
    return rows;
  }

  return {
    find(keys) {
      const rows = rowsOf(keys.groupId);
      const messages = taken(keys.seqs, (seq) => rows?.messages.get(seq));
      const reactions = taken(keys.reactions, (key) => rows?.reactions.get(idOfReaction(key)));
      const counts = taken(keys.countedSeqs, (seq) => rows?.reactionCounts.get(seq));
      return {
        found: { messages: messages.found, reactions: reactions.found, reactionCounts: counts.found },
        others: { ...keys, seqs: messages.others, reactions: reactions.others, countedSeqs: counts.others },
      };
    },
  };
}

const keyed = <Key, Row>(changed: readonly ChangedRow<Row>[], keyOf: (row: Row) => Key): ReadonlyMap<Key, Row> =>
  new Map(changed.map(({ after }) => [keyOf(after), after]));

function taken<Key, Row>(keys: readonly Key[], find: (key: Key) => Row | undefined) {
  const found: Row[] = [];
  const others: Key[] = [];
  for (const key of keys) {
    const row = find(key);
    if (row === undefined) others.push(key);
    else found.push(row);
  }
  return { found, others };
}
