import type { ObjectRef } from '@pothos/core';
import { encodeCursor, type ListName } from '../cursor.ts';
import { ApiError } from '../error-table.ts';
import { builder } from './builder.ts';
import { costing, maximumPageSize } from './field-cost.ts';

/** A page of a list that can be long, as Relay's cursor connections specify it. */
export interface Connection<Node> {
  readonly edges: readonly Edge<Node>[];
  /** Where what is read for the page does not tell, it takes one more look, for whoever asks. */
  readonly hasNextPage: boolean | (() => Promise<boolean>);
  readonly hasPreviousPage: boolean | (() => Promise<boolean>);
}

interface Edge<Node> {
  readonly cursor: string;
  readonly node: Node;
}

const pageInfo = builder.objectRef<Connection<unknown>>('PageInfo').implement({
  description: 'Where a page stands in its list.',
  fields: (t) => ({
    hasNextPage: t.boolean({
      description: 'Whether the list goes on after this page.',
      extensions: costing({ own: 10 }),
      resolve: ({ hasNextPage }) => (typeof hasNextPage === 'boolean' ? hasNextPage : hasNextPage()),
    }),
    hasPreviousPage: t.boolean({
      description: 'Whether the list holds anything before this page.',
      extensions: costing({ own: 10 }),
      resolve: ({ hasPreviousPage }) => (typeof hasPreviousPage === 'boolean' ? hasPreviousPage : hasPreviousPage()),
    }),
    startCursor: t.string({
      nullable: true,
      description: 'Of the first edge, to go on before it; null where the page is empty.',
      resolve: ({ edges }) => edges.at(0)?.cursor ?? null,
    }),
    endCursor: t.string({
      nullable: true,
      description: 'Of the last edge, to go on after it; null where the page is empty.',
      resolve: ({ edges }) => edges.at(-1)?.cursor ?? null,
    }),
  }),
});

type AnyTypes = typeof builder extends PothosSchemaTypes.SchemaBuilder<infer Types> ? Types : never;

/** `what` says in the plural what the list holds. */
export function connectionType<Node>(name: string, node: ObjectRef<AnyTypes, Node>, what: string) {
  const edge = builder.objectRef<Edge<Node>>(`${name}Edge`).implement({
    description: `A place in a list of ${what}, and what stands there.`,
    fields: (t) => ({
      cursor: t.exposeString('cursor', { description: 'Opaque: this place, in this list only.' }),
      node: t.field({ type: node, description: 'What stands there.', resolve: (parent) => parent.node as never }),
    }),
  });
  return builder.objectRef<Connection<Node>>(`${name}Connection`).implement({
    description: `A page of a list of ${what}.`,
    fields: (t) => ({
      edges: t.field({
        type: [edge],
        description: 'The page, each with its place.',
        extensions: costing({ items: 'page' }),
        resolve: ({ edges }) => edges,
      }),
      nodes: t.field({
        type: [node],
        description: 'The page, without the places.',
        extensions: costing({ items: 'page' }),
        resolve: ({ edges }) => edges.map((one) => one.node) as never,
      }),
      pageInfo: t.field({
        type: pageInfo,
        description: 'Where the page stands in the list.',
        resolve: (connection) => connection,
      }),
    }),
  });
}

/** A page's size as asked for, or the argument's default. Throws BAD_INPUT outside 1 to 200. */
export function pageSize(argument: 'first' | 'last', asked: number | null | undefined, byDefault: number): number {
  const size = asked ?? byDefault;
  if (size >= 1 && size <= maximumPageSize) return size;
  const message = `${argument} must be from 1 to ${maximumPageSize}.`;
  throw new ApiError('VALUE_INVALID', message, { field: argument });
}

/** A list that its store reads in one direction, from its beginning or after a key. */
export interface ForwardList<Row, Key extends string | number, Node> {
  readonly list: ListName;
  /** At most `limit` rows after `after`, which is undefined at the beginning. Asks for the rights of whoever reads. */
  readonly read: (after: Key | undefined, limit: number) => Promise<readonly Row[]>;
  readonly keyOf: (row: Row) => Key;
  readonly nodeOf: (row: Row) => Node | Promise<Node>;
}

/** One row would tell, but a list that leaves out what may not be shown gives up where it finds nothing in many short reads. */
const beginningLength = 20;

/** The `first` rows after a key. One more is read than asked for, which tells whether there are more. */
export async function forwardPage<Row, Key extends string | number, Node>(
  { list, read, keyOf, nodeOf }: ForwardList<Row, Key, Node>,
  { size, after }: { readonly size: number; readonly after: Key | undefined },
): Promise<Connection<Node>> {
  const rows = await read(after, size + 1);
  const page = rows.slice(0, size);
  const toEdge = async (row: Row) => ({ cursor: encodeCursor(list, keyOf(row)), node: await nodeOf(row) });
  return {
    edges: await Promise.all(page.map(toEdge)),
    hasNextPage: rows.length > size,
    // The list's first row is this page's first, or it is before it.
    hasPreviousPage:
      after === undefined
        ? false
        : async () => {
            const [first] = await read(undefined, beginningLength);
            const start = page.at(0);
            return first !== undefined && (start === undefined || keyOf(first) !== keyOf(start));
          },
  };
}

/** As in Relay's specification: `after` and `before` cut the list, then `first` and then `last` what is left of it. */
export interface PageArguments {
  readonly first?: number | null | undefined;
  readonly after?: string | null | undefined;
  readonly last?: number | null | undefined;
  readonly before?: string | null | undefined;
}

/** Places `from` to `to` of a list; none where `to` is before `from`. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

/**
 * Which of a list whose places are 1, 2, 3, … to `newest` without gaps: `after` and `before` as places. With neither `first`
 * nor `last` it is the last `byDefault`. Throws BAD_INPUT for a size outside 1 to 200.
 */
export function pageRange(
  newest: number,
  {
    first,
    last,
    after,
    before,
  }: Pick<PageArguments, 'first' | 'last'> & {
    readonly after: number | undefined;
    readonly before: number | undefined;
  },
  byDefault: number,
): Range {
  let from = (after ?? 0) + 1;
  let to = Math.min((before ?? newest + 1) - 1, newest);
  const isForward = first !== undefined && first !== null;
  if (isForward) to = Math.min(to, from + pageSize('first', first, byDefault) - 1);
  if (!isForward || (last !== undefined && last !== null)) {
    from = Math.max(from, to - pageSize('last', last, byDefault) + 1);
  }
  return { from, to };
}

/** What a list of places 1 to `newest` holds on either side of a page of it, empty or not. */
export const besidePage = ({ from, to }: Range, newest: number) => ({
  hasPreviousPage: Math.min(from - 1, newest) >= 1,
  hasNextPage: Math.max(to, 0) < newest,
});
