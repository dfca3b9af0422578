import type { GraphQLField, GraphQLSchema } from 'graphql';
import type { RequestContext } from '../context.ts';
import type { Release } from '../rate-limits.ts';

/**
 * Stands in front of every mutation and subscription: each field of a mutation takes from the buckets of whoever sent it,
 * each mark of a request for itself, and a repetition like the first time; a subscription counts as long as it lasts.
 */
export function limitRates(schema: GraphQLSchema): GraphQLSchema {
  for (const field of Object.values(schema.getMutationType()?.getFields() ?? {})) limitMutation(field);
  for (const field of Object.values(schema.getSubscriptionType()?.getFields() ?? {})) limitSubscription(field);
  return schema;
}

type RootField = GraphQLField<unknown, RequestContext>;

function limitMutation(field: RootField): void {
  const { resolve } = field;
  if (resolve === undefined) return;
  field.resolve = (source, values, context, info) => {
    take(field.name, values, context);
    return resolve(source, values, context, info);
  };
}

function take(mutation: string, values: unknown, { rates }: RequestContext): void {
  if (mutation === 'sendMessage') rates.take('sends', 1);
  else if (mutation === 'markReadUpTo') rates.take('marks', Math.max(1, marksIn(values)));
  else rates.take('changes', 1);
}

const marksIn = (values: unknown): number =>
  (values as { readonly input: { readonly marks: readonly unknown[] } }).input.marks.length;

function limitSubscription(field: RootField): void {
  const { subscribe } = field;
  if (subscribe === undefined) return;
  field.subscribe = async (source, values, context, info) => {
    const release = takePlace(field.name, context);
    try {
      return releasing((await subscribe(source, values, context, info)) as AsyncIterableIterator<unknown>, release);
    } catch (error) {
      release();
      throw error;
    }
  };
}

function takePlace(subscription: string, { rates, viewer }: RequestContext): Release {
  const subscriber = viewer();
  const ofAll = rates.subscription(subscriber);
  if (subscription !== 'inbox') return ofAll;
  try {
    const ofInboxes = rates.inbox(subscriber);
    return () => {
      ofAll();
      ofInboxes();
    };
  } catch (error) {
    ofAll();
    throw error;
  }
}

/** The same items; released at their end, at a fault, and when nobody wants them any more. */
function releasing(items: AsyncIterableIterator<unknown>, release: Release): AsyncIterableIterator<unknown> {
  return {
    async next() {
      try {
        const result = await items.next();
        if (result.done === true) release();
        return result;
      } catch (error) {
        release();
        throw error;
      }
    },
    async return() {
      release();
      await items.return?.();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
