/** How long to wait before the next attempt; both in milliseconds. */
export interface Backoff {
  readonly first: number;
  readonly most: number;
}

/**
 * Exponential backoff with full jitter: anything up to a bound that doubles with each failure, so that those who failed
 * together do not come back together. `failures` counts from 1.
 */
export const pauseAfter = (failures: number, { first, most }: Backoff): number =>
  Math.random() * Math.min(most, first * 2 ** (failures - 1));

/** Resolves after so long, or as soon as the signal aborts. */
export function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, milliseconds);
    signal?.addEventListener('abort', end);
    if (signal?.aborted) end();
  });
}
