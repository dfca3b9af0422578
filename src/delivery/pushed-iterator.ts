import type { DeliveryRefusal } from './delivery-refusal.ts';

type Result<Item> = IteratorResult<Item, DeliveryRefusal | undefined>;

/**
 * An iterator that somebody else feeds. `return()` settles a pending `next()`, so that a subscriber who goes away
 * leaves nothing waiting.
 */
export interface PushedIterator<Item> {
  next(): Promise<Result<Item>>;
  return(): Promise<Result<Item>>;
  [Symbol.asyncIterator](): PushedIterator<Item>;
  push(item: Item): void;
  /** After what was pushed, the iterator ends; with a refusal, that is its return value. */
  end(refusal?: DeliveryRefusal): void;
  /** After what was pushed, `next()` rejects with the error once, and the iterator has ended. */
  fail(error: unknown): void;
}

export interface PushedIteratorOptions {
  /** At most this many items wait; beyond it the iterator ends as `too-slow`. */
  readonly maximumWaiting: number;
  /** Called once, however the iterator ends. */
  readonly onEnd: () => void;
}

export function createPushedIterator<Item>(options: PushedIteratorOptions): PushedIterator<Item> {
  const waiting: Item[] = [];
  let pending: PromiseWithResolvers<Result<Item>> | undefined;
  /** How it has ended; told once. */
  let ending: (() => Promise<Result<Item>>) | undefined;
  const done: Result<Item> = { done: true, value: undefined };
  const isDone = () => Promise.resolve(done);

  function endWith(last: () => Promise<Result<Item>>): void {
    if (ending !== undefined) return;
    ending = last;
    if (pending !== undefined) {
      pending.resolve(last());
      ending = isDone;
      pending = undefined;
    }
    options.onEnd();
  }

  const end = (refusal?: DeliveryRefusal): void => endWith(() => Promise.resolve({ done: true, value: refusal }));

  return {
    push(item) {
      if (ending !== undefined) return;
      if (pending !== undefined) {
        pending.resolve({ done: false, value: item });
        pending = undefined;
      } else if (waiting.push(item) > options.maximumWaiting) {
        waiting.length = 0;
        end({ kind: 'too-slow' });
      }
    },
    end,
    fail: (error) => endWith(() => Promise.reject(error)),
    next() {
      const item = waiting.shift();
      if (item !== undefined) return Promise.resolve({ done: false, value: item });
      if (ending !== undefined) {
        const last = ending();
        ending = isDone;
        return last;
      }
      pending ??= Promise.withResolvers();
      return pending.promise;
    },
    return() {
      waiting.length = 0;
      end();
      return isDone();
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
