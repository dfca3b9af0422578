import { type Refused, tokenExpired } from '../rights/access-refusal.ts';
import { atExpiry, type Viewer } from '../rights/viewer.ts';
import type { Deliveries, DeliveryRefusal } from './delivery-refusal.ts';

/** One subscriber's deliveries, as whoever feeds them sees them. */
export interface Subscription {
  /** Whatever is begun for the subscriber is handed in here: it is ended when the deliveries end, at once where they have. */
  begun(end: () => void): void;
  /** There may be something to take now. */
  wake(): void;
  isEnded(): boolean;
  /** The deliveries end; with a refusal, that is their return value. */
  end(refusal?: DeliveryRefusal): void;
  /** The deliveries end, and their next `next()` rejects with the error. */
  fail(error: unknown): void;
}

/** The next item as it is at this moment, or undefined where there is none: then it is asked again after a wake. */
export type Take<Item> = () => Promise<Item | undefined>;

export interface Subscriber {
  readonly viewer: Viewer;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

type Ending = { readonly refusal: DeliveryRefusal | undefined } | { readonly error: unknown };
type Result<Item> = IteratorResult<Item, DeliveryRefusal | undefined>;

/**
 * Deliveries that are made when they are asked for, so that a slow subscriber is told of how things stand and not of how
 * they stood. They end when the subscriber returns, when the token expires, and when whoever feeds them says so; whatever
 * ends them, also while they begin, everything that was begun is ended, the last begun first. `return()` settles a
 * pending `next()`. Rejects with what `start` throws.
 */
export async function startDeliveries<Item>(
  { viewer, now }: Subscriber,
  start: (subscription: Subscription) => Promise<Take<Item> | Refused<DeliveryRefusal>>,
): Promise<Deliveries<Item> | Refused<DeliveryRefusal>> {
  const begun = new DisposableStack();
  let ending: Ending | undefined;
  let pending: PromiseWithResolvers<Result<Item>> | undefined;
  let isAwake = false;
  let wakeUp = (): void => {};

  function wake(): void {
    isAwake = true;
    wakeUp();
  }

  function endAs(how: Ending): void {
    if (ending !== undefined) return;
    ending = how;
    try {
      begun.dispose();
    } catch (error) {
      ending = { error };
    }
    wake();
    const last = pending;
    pending = undefined;
    if (last !== undefined) tellEnding().then(last.resolve, last.reject);
  }

  /** Tells how the deliveries have ended, once. */
  async function tellEnding(): Promise<Result<Item>> {
    const how = ending;
    ending = { refusal: undefined };
    if (how !== undefined && 'error' in how) throw how.error;
    return { done: true, value: how?.refusal };
  }

  const subscription: Subscription = {
    begun: (end) => (ending === undefined ? begun.defer(end) : end()),
    wake,
    isEnded: () => ending !== undefined,
    end: (refusal) => endAs({ refusal }),
    fail: (error) => endAs({ error }),
  };

  async function settleNext(take: Take<Item>): Promise<void> {
    try {
      while (ending === undefined) {
        isAwake = false;
        const item = await take();
        if (viewer.expiresAt <= now()) subscription.end(tokenExpired);
        if (ending !== undefined) return;
        if (item !== undefined) {
          const taker = pending;
          pending = undefined;
          taker?.resolve({ done: false, value: item });
          return;
        }
        if (!isAwake) {
          await new Promise<void>((resolve) => {
            wakeUp = resolve;
          });
        }
      }
    } catch (error) {
      subscription.fail(error);
    }
  }

  subscription.begun(atExpiry(viewer, now, () => subscription.end(tokenExpired)));
  let take: Take<Item>;
  try {
    const started = await start(subscription);
    if ('refused' in started) {
      subscription.end();
      return started;
    }
    take = started;
  } catch (error) {
    subscription.end();
    throw error;
  }
  const deliveries: Deliveries<Item> = {
    next() {
      if (pending !== undefined) return pending.promise;
      if (ending !== undefined) return tellEnding();
      pending = Promise.withResolvers();
      const { promise } = pending;
      void settleNext(take);
      return promise;
    },
    return() {
      subscription.end();
      ending = { refusal: undefined };
      return Promise.resolve({ done: true, value: undefined });
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
  return deliveries;
}
