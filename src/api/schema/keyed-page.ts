import type { KeyRange } from '../../ports/pages.ts';
import { decodeTextCursor, encodeCursor, type ListName } from '../cursor.ts';
import { type Connection, type PageArguments, pageSize } from './connection.ts';

/** A list in the order of its keys, which its store reads from either end. */
export interface KeyedList<Row, Node> {
  readonly list: ListName;
  /** In the order of the keys, whichever end it was read from. Asks for the rights of whoever reads. */
  readonly read: (range: KeyRange) => Promise<readonly Row[]>;
  readonly keyOf: (row: Row) => string;
  readonly nodeOf: (row: Row) => Node | Promise<Node>;
}

/**
 * A page as Relay's specification cuts it: what lies between `after` and `before`, of that the `first` ones, and of these
 * the `last` ones. With neither it is the first `byDefault`. What lies beside the page is looked up by whoever asks for it.
 */
export async function keyedPage<Row, Node>(
  { list, read, keyOf, nodeOf }: KeyedList<Row, Node>,
  { first, after, last, before }: PageArguments,
  byDefault: number,
): Promise<Connection<Node>> {
  const between = { after: decodeTextCursor(list, after), before: decodeTextCursor(list, before) };
  const backwards = (first === undefined || first === null) && last !== undefined && last !== null;
  const limit = backwards ? pageSize('last', last, byDefault) : pageSize('first', first, byDefault);
  let rows = await read({ ...between, limit, last: backwards });
  if (!backwards && last !== undefined && last !== null) rows = rows.slice(-pageSize('last', last, byDefault));
  const [start, end] = [rows.at(0), rows.at(-1)];
  const isThere = async (range: Omit<KeyRange, 'limit'>) => (await read({ ...range, limit: 1 })).length > 0;
  // An empty page stands where it was cut out: after the one cursor and before the other.
  const beforePage = start === undefined ? justAfter(between.after) : keyOf(start);
  const afterPage = end === undefined ? between.after : keyOf(end);
  const edges = rows.map(async (row) => ({ cursor: encodeCursor(list, keyOf(row)), node: await nodeOf(row) }));
  return {
    edges: await Promise.all(edges),
    hasPreviousPage: () => (beforePage === undefined ? Promise.resolve(false) : isThere({ before: beforePage })),
    hasNextPage: () => isThere({ after: afterPage }),
  };
}

/** The first text of all that come after another. */
const justAfter = (key: string | undefined): string | undefined => (key === undefined ? undefined : `${key}\u0000`);
