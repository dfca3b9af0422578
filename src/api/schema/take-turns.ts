import { type GraphQLFieldResolver, type GraphQLSchema, isObjectType } from 'graphql';
import type { RequestContext } from '../context.ts';
import { declaredCost } from './field-cost.ts';

/**
 * A page is read, and a list is gone through, when it is its request's turn: an answer is made in pieces, each of them no
 * larger than one list. A list waits after its resolver, so that what loaders read together is still read together.
 */
export function takeTurns(schema: GraphQLSchema): GraphQLSchema {
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || type.name.startsWith('__')) continue;
    for (const field of Object.values(type.getFields())) {
      const { page, items } = declaredCost(field.extensions);
      if (field.resolve === undefined) continue;
      if (page !== undefined) field.resolve = atTurn(field.resolve);
      else if (typeof items === 'number') field.resolve = untilTurn(field.resolve);
    }
  }
  return schema;
}

type Resolve = GraphQLFieldResolver<unknown, RequestContext>;

const atTurn =
  (resolve: Resolve): Resolve =>
  async (source, values, context, info) => {
    await context.turns.next();
    return resolve(source, values, context, info);
  };

/** Nothing or one needs no turn of its own. */
const untilTurn =
  (resolve: Resolve): Resolve =>
  async (source, values, context, info) => {
    const items: unknown = await resolve(source, values, context, info);
    if (Array.isArray(items) && items.length > 1) await context.turns.next();
    return items;
  };
