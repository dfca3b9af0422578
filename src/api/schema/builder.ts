import SchemaBuilder from '@pothos/core';
import { GraphQLError } from 'graphql';
import { startOfLog } from '../../ports/event-log.ts';
import type { RequestContext } from '../context.ts';
import { utcMoment } from '../date-time.ts';

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
  description:
    'A moment: RFC 3339 with its offset, such as 2026-11-24T12:00:00.000Z. Answers are in UTC; what is finer than a millisecond is cut.',
  specifiedByURL: 'https://scalars.graphql.org/andimarek/date-time',
  serialize: (moment) => moment,
  parseValue(value) {
    const moment = typeof value === 'string' ? utcMoment(value) : { problem: 'is a string' };
    if ('problem' in moment) throw new GraphQLError(`A DateTime ${moment.problem}.`);
    return moment.utc;
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
