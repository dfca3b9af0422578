import type { Deliveries } from '../delivery/delivery-refusal.ts';
import type { Refused } from '../rights/access-refusal.ts';
import { type AnyRefusal, refusalError } from './error-table.ts';

/** The answer, where there is one. Throws the ApiError of a refusal. */
export function accepted<Answer extends object>(
  answer: Answer | Refused<AnyRefusal>,
): Exclude<Answer, Refused<AnyRefusal>> {
  if ('refused' in answer) throw refusalError(answer.refused as AnyRefusal);
  return answer as Exclude<Answer, Refused<AnyRefusal>>;
}

/** Throws the ApiError of a refusal, where there is one. */
export function requireNothingRefused(refusal: AnyRefusal | undefined): void {
  if (refusal !== undefined) throw refusalError(refusal);
}

/** What a subscription of GraphQL takes: a refusal, which ends the deliveries, is thrown once. */
export function throwingRefusals<Item>(deliveries: Deliveries<Item>): AsyncIterableIterator<Item, undefined> {
  return {
    async next() {
      const result = await deliveries.next();
      if (result.done !== true) return result;
      requireNothingRefused(result.value);
      return { done: true, value: undefined };
    },
    async return() {
      await deliveries.return?.();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
