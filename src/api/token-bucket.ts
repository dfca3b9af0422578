/** So many at once, and so many a second in the long run. */
export interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

/** What was left at a moment, in milliseconds of a clock that only goes forward. Nobody has a bucket that is full. */
export interface Bucket {
  readonly level: number;
  readonly at: number;
}

/** What a bucket holds now. */
export function levelOf({ perSecond, burst }: Rate, bucket: Bucket | undefined, now: number): number {
  if (bucket === undefined) return burst;
  return Math.min(burst, bucket.level + (perSecond * Math.max(0, now - bucket.at)) / 1_000);
}

/** How long until so much can be taken; 0 where it can be now. More than a whole bucket can be taken from a full one. */
export function millisecondsUntil(rate: Rate, bucket: Bucket | undefined, amount: number, now: number): number {
  const missing = Math.min(amount, rate.burst) - levelOf(rate, bucket, now);
  // What rounding leaves over is nobody's reason to wait.
  return missing <= 1e-9 ? 0 : Math.ceil((missing / rate.perSecond) * 1_000 - 1e-6);
}

/** The bucket without what was taken: below nothing where that was more than a whole one. */
export function taken(rate: Rate, bucket: Bucket | undefined, amount: number, now: number): Bucket {
  return { level: levelOf(rate, bucket, now) - amount, at: now };
}

/** The buckets of many keys. */
export interface Buckets {
  /** Milliseconds until so much can be taken for the key; 0 where it can be now. Takes nothing. */
  wait(key: string, amount: number, now: number): number;
  take(key: string, amount: number, now: number): void;
  readonly size: number;
}

/**
 * Bounded in memory: a bucket that is full again is dropped, and beyond `maximumKeys` the one that was not used for longest
 * is, which is as good as full for all but an attacker with more addresses than that.
 */
export function createBuckets(rate: Rate, maximumKeys: number): Buckets {
  const buckets = new Map<string, Bucket>();

  /** A Map keeps the order of insertion, so the first ones were not used for longest. Two looks for each that comes. */
  function dropOldest(now: number): void {
    let looks = 0;
    for (const [key, bucket] of buckets) {
      looks += 1;
      const isFull = levelOf(rate, bucket, now) >= rate.burst;
      if (!isFull && buckets.size <= maximumKeys) return;
      buckets.delete(key);
      if (looks === 2) return;
    }
  }

  return {
    wait: (key, amount, now) => millisecondsUntil(rate, buckets.get(key), amount, now),
    take(key, amount, now) {
      const bucket = taken(rate, buckets.get(key), amount, now);
      buckets.delete(key);
      buckets.set(key, bucket);
      dropOldest(now);
    },
    get size() {
      return buckets.size;
    },
  };
}
