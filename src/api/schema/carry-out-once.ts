import type { GraphQLField, GraphQLSchema } from 'graphql';
import type { RequestContext } from '../context.ts';

/**
 * Stands in front of every mutation: a document that is executed again, because the moment of its answer has passed, gives
 * its commands no second time. What a command has done is answered once more, and shown as of a moment no older than it.
 */
export function carryOutOnce(schema: GraphQLSchema): GraphQLSchema {
  for (const field of Object.values(schema.getMutationType()?.getFields() ?? {})) carryOut(field);
  return schema;
}

function carryOut(field: GraphQLField<unknown, RequestContext>): void {
  const { resolve } = field;
  if (resolve === undefined) return;
  field.resolve = async (source, values, context, info) => {
    const { outcomes } = context;
    // Two root fields of one document differ in their names in the answer.
    const name = String(info.path.key);
    const standing = outcomes.get(name);
    const carriedOut = standing ?? Promise.resolve().then(() => resolve(source, values, context, info));
    outcomes.set(name, carriedOut);
    const outcome = await carriedOut;
    const { position } = outcome as { readonly position?: unknown };
    if (typeof position === 'number') await context.reach(position);
    return outcome;
  };
}
