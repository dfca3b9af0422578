import type { Services } from '../../src/api/services.ts';
import { startApiInProcess } from '../api-in-process.ts';
import { openDescriptors } from '../descriptors.ts';

/** What a server still holds, after its garbage is collected. */
export interface Held {
  readonly heapBytes: number;
  readonly residentBytes: number;
  readonly descriptors: number;
  /** Listeners to the live feed: every subscription that is begun has at least one. */
  readonly listeners: number;
}

/**
 * A server in a process of its own that says on request what it holds. With `leak` the control takes a cure out: whoever
 * stops listening to the feed is kept.
 */
const withLeak = (services: Services): Services => ({
  ...services,
  feed: {
    ...services.feed,
    watch(topic, id, listener) {
      services.feed.watch(topic, id, listener);
      return () => {};
    },
  },
});

const { HIGHWATER_JWT_SECRET } = process.env;
const api = await startApiInProcess({
  environment: { HIGHWATER_JWT_SECRET },
  wrap: process.argv.includes('leak') ? withLeak : undefined,
});

function held(): Held {
  globalThis.gc?.();
  globalThis.gc?.();
  const { heapUsed, external, arrayBuffers, rss } = process.memoryUsage();
  return {
    heapBytes: heapUsed + external + arrayBuffers,
    residentBytes: rss,
    descriptors: openDescriptors('self'),
    listeners: api.services.feed.listenerCount(),
  };
}

process.on('message', () => process.send?.(held()));
process.on('disconnect', () => process.exit(0));
process.send?.({ url: api.url });
