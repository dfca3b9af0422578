import type { ObjectRef } from '@pothos/core';
import { ApiError } from '../error-table.ts';
import { builder } from './builder.ts';
import { costing, maximumPageSize } from './field-cost.ts';

/** A page of a list that can be long, as Relay's cursor connections specify it. */
export interface Connection<Node> {
  readonly edges: readonly { readonly cursor: string; readonly node: Node }[];
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
}

const pageInfo = builder
  .objectRef<Omit<Connection<unknown>, 'edges'> & { startCursor: string | null; endCursor: string | null }>('PageInfo')
  .implement({
    fields: (t) => ({
      hasNextPage: t.exposeBoolean('hasNextPage'),
      hasPreviousPage: t.exposeBoolean('hasPreviousPage'),
      startCursor: t.exposeString('startCursor', { nullable: true }),
      endCursor: t.exposeString('endCursor', { nullable: true }),
    }),
  });

type AnyTypes = typeof builder extends PothosSchemaTypes.SchemaBuilder<infer Types> ? Types : never;

export function connectionType<Node>(name: string, node: ObjectRef<AnyTypes, Node>) {
  const edge = builder.objectRef<Connection<Node>['edges'][number]>(`${name}Edge`).implement({
    fields: (t) => ({
      cursor: t.exposeString('cursor'),
      node: t.field({ type: node, resolve: (parent) => parent.node as never }),
    }),
  });
  return builder.objectRef<Connection<Node>>(`${name}Connection`).implement({
    fields: (t) => ({
      edges: t.field({ type: [edge], extensions: costing({ items: 'page' }), resolve: ({ edges }) => edges }),
      pageInfo: t.field({
        type: pageInfo,
        resolve: ({ edges, hasNextPage, hasPreviousPage }) => ({
          hasNextPage,
          hasPreviousPage,
          startCursor: edges.at(0)?.cursor ?? null,
          endCursor: edges.at(-1)?.cursor ?? null,
        }),
      }),
    }),
  });
}

/** A page's size as asked for, or the argument's default. Throws BAD_INPUT outside 1 to 200. */
export function pageSize(argument: 'first' | 'last', asked: number | null | undefined, byDefault: number): number {
  const size = asked ?? byDefault;
  if (size >= 1 && size <= maximumPageSize) return size;
  throw new ApiError('BAD_INPUT', `${argument} must be from 1 to ${maximumPageSize}.`);
}

/** A forward page out of at most `size + 1` rows: one more than asked for tells that there are more. */
export function forwardPage<Row, Node>(
  rows: readonly Row[],
  size: number,
  after: string | null | undefined,
  toEdge: (row: Row) => { readonly cursor: string; readonly node: Node },
): Connection<Node> {
  return {
    edges: rows.slice(0, size).map(toEdge),
    hasNextPage: rows.length > size,
    hasPreviousPage: after !== undefined && after !== null,
  };
}
