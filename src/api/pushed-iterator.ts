/**
 * An iterator that somebody else feeds. `return()` settles a pending `next()`, so that a subscriber who goes away
 * leaves nothing waiting.
 */
export interface PushedIterator<Item> {
  next(): Promise<IteratorResult<Item, undefined>>;
  return(): Promise<IteratorResult<Item, undefined>>;
  [Symbol.asyncIterator](): PushedIterator<Item>;
  push(item: Item): void;
  /** After what was pushed, the iterator ends; with an error, `next()` rejects with it once. */
  end(error?: Error): void;
}

export interface PushedIteratorOptions {
  /** At most this many items wait; beyond it the iterator ends with `overflow()`. */
  readonly maximumWaiting: number;
  readonly overflow: () => Error;
  /** Called once, however the iterator ends. */
  readonly onEnd: () => void;
}

export function createPushedIterator<Item>(options: PushedIteratorOptions): PushedIterator<Item> {
  const waiting: Item[] = [];
  let pending: PromiseWithResolvers<IteratorResult<Item, undefined>> | undefined;
  let ended = false;
  let failure: Error | undefined;
  const done: IteratorResult<Item, undefined> = { done: true, value: undefined };

  function end(error?: Error): void {
    if (ended) return;
    ended = true;
    failure = error;
    if (pending !== undefined) {
      if (error === undefined) pending.resolve(done);
      else pending.reject(error);
      failure = undefined;
      pending = undefined;
    }
    options.onEnd();
  }

  return {
    push(item) {
      if (ended) return;
      if (pending !== undefined) {
        pending.resolve({ done: false, value: item });
        pending = undefined;
      } else if (waiting.push(item) > options.maximumWaiting) {
        waiting.length = 0;
        end(options.overflow());
      }
    },
    end,
    next() {
      const item = waiting.shift();
      if (item !== undefined) return Promise.resolve({ done: false, value: item });
      if (ended) {
        const error = failure;
        failure = undefined;
        return error === undefined ? Promise.resolve(done) : Promise.reject(error);
      }
      pending ??= Promise.withResolvers();
      return pending.promise;
    },
    return() {
      waiting.length = 0;
      end();
      return Promise.resolve(done);
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
