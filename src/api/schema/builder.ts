import SchemaBuilder from '@pothos/core';
import { GraphQLError } from 'graphql';
import { startOfLog } from '../../ports/event-log.ts';
import type { RequestContext } from '../context.ts';

/** The schema is built in code, so that resolvers are checked against it; `schema.graphql` is printed from it. */
export const builder = new SchemaBuilder<{
  Context: RequestContext;
  DefaultFieldNullability: false;
  Scalars: {
    ID: { Input: string; Output: string };
    DateTime: { Input: string; Output: string };
    Position: { Input: number; Output: number };
  };
}>({ defaultFieldNullability: false });

builder.scalarType('DateTime', {
  description: 'A moment: ISO 8601. Answers are in UTC.',
  specifiedByURL: 'https://scalars.graphql.org/andimarek/date-time',
  serialize: (moment) => moment,
  parseValue(value) {
    const moment =
      typeof value === 'string' && value.length <= 40 && /^\d{4}-\d{2}-\d{2}T/.test(value)
        ? Date.parse(value)
        : Number.NaN;
    if (Number.isNaN(moment)) throw new GraphQLError('A DateTime is ISO 8601, like 2026-11-24T12:00:00Z.');
    return new Date(moment).toISOString();
  },
});

builder.scalarType('Position', {
  description: 'A place in the log: opaque; what a mutation returns, a query may wait for.',
  serialize: (position) => String(position),
  parseValue(value) {
    const position = typeof value === 'string' && /^-?\d{1,16}$/.test(value) ? Number(value) : Number.NaN;
    if (!Number.isSafeInteger(position) || position < startOfLog) throw new GraphQLError('That is no Position.');
    return position;
  },
});

builder.queryType({
  description: 'What may be read. A root field that is refused is null, and takes no other with it.',
});
builder.mutationType({ description: 'What may be changed: one after the other, each on its own.' });
builder.subscriptionType({ description: 'What is told as it happens.' });
