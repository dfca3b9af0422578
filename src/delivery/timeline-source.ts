import type { EventMetadata } from '../events/codec.ts';
import { type DecodedRecord, decodeRecorded } from '../events/decode-recorded.ts';
import type { GroupEvent } from '../events/event.ts';
import { groupStream } from '../events/stream-name.ts';
import { type EventLog, noStream, type Position, type Version } from '../ports/event-log.ts';
import type { Policy } from '../rights/policy.ts';
import { atExpiry, type Viewer } from '../rights/viewer.ts';
import type { Deliveries, DeliveryRefusal } from './delivery-refusal.ts';
import type { LiveFeed } from './live-feed.ts';

/** A group's event at its place in the stream. */
type Placed<Event> = Event extends GroupEvent
  ? {
      readonly kind: 'event';
      readonly groupId: string;
      readonly version: Version;
      readonly position: Position;
      readonly event: Event;
      readonly metadata: EventMetadata;
    }
  : never;
export type EventEntry = Placed<GroupEvent>;

/** An event, or the order to start anew from `version`. */
export type TimelineEntry =
  | EventEntry
  | { readonly kind: 'resync'; readonly groupId: string; readonly version: Version };

export interface TimelineSourceOptions {
  readonly log: EventLog;
  readonly feed: LiveFeed;
  readonly policy: Policy;
  readonly viewer: Viewer;
  readonly groupId: string;
  /** The last version that the subscriber has seen; undefined for what comes from now on. */
  readonly after: Version | undefined;
  /** The stream's newest version now. */
  readonly newest: Version;
  readonly now: () => number;
}

/** One who has missed more than this is better served by a page of the timeline. */
export const furthestBehind = 10_000;
/** A subscriber who is slower than the group keeps this many events waiting; what is beyond is read from the log again. */
const waitingEvents = 256;
const pageSize = 256;

/**
 * What the group's stream holds after a version, then live: each version once, in order, without a gap. The log is read
 * until the live feed's events join on; whenever they do not (a slow subscriber, a fault), the log is read again, so a
 * subscriber holds a bounded number of events. Rights are checked at every delivery, and the token's end ends it.
 * `return()` settles a pending `next()`.
 */
export function createTimelineSource(options: TimelineSourceOptions): Deliveries<TimelineEntry> {
  const { feed, policy, viewer, groupId, newest } = options;
  const behindTooFar = options.after !== undefined && newest - options.after > furthestBehind;
  let nextVersion = (options.after ?? newest) + 1;
  let newestKnown = newest;
  let ready: EventEntry[] = [];
  let ended = false;
  let wake: () => void = () => {};

  const unwatch = feed.watchGroup(groupId, ({ family, recorded, decoded }) => {
    if (family !== 'group') return;
    newestKnown = Math.max(newestKnown, recorded.version);
    const expected = nextVersion + ready.length;
    if (recorded.version === expected && ready.length < waitingEvents) {
      ready.push(entry(groupId, recorded.version, recorded.position, decoded));
    }
    wake();
  });
  const expiry = atExpiry(viewer, options.now(), () => wake());

  function end(): void {
    ended = true;
    clearTimeout(expiry);
    unwatch();
    wake();
  }

  async function readMissed(): Promise<void> {
    const page = await options.log.readStream(groupStream(groupId), nextVersion, pageSize);
    if (page.length === 0) return;
    // What the feed has brought meanwhile is in the page or comes after it; the page is at least as far along.
    const entries = page.map((recorded) =>
      entry(groupId, recorded.version, recorded.position, decodeRecorded(recorded)),
    );
    const following = ready.filter(({ version }) => version >= nextVersion + entries.length);
    const joins = following[0]?.version === nextVersion + entries.length;
    ready = joins ? [...entries, ...following] : entries;
  }

  async function take(): Promise<IteratorResult<TimelineEntry, DeliveryRefusal | undefined>> {
    for (;;) {
      if (ended) return { done: true, value: undefined };
      const refused = await policy.refuseDelivery(viewer, groupId);
      if (refused !== undefined) {
        end();
        return { done: true, value: refused };
      }
      if (behindTooFar) {
        end();
        return { done: false, value: { kind: 'resync', groupId, version: newest } };
      }
      const next = ready.shift();
      if (next !== undefined) {
        nextVersion = next.version + 1;
        return { done: false, value: next };
      }
      if (newestKnown >= nextVersion) await readMissed();
      else
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
    }
  }

  return {
    async next() {
      try {
        return await take();
      } catch (error) {
        end();
        throw error;
      }
    },
    return() {
      end();
      return Promise.resolve({ done: true, value: undefined });
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

function entry(groupId: string, version: Version, position: number, decoded: DecodedRecord): EventEntry {
  const { event, metadata } = decoded;
  // A `group-…` stream holds group events only.
  return { kind: 'event', groupId, version, position, event, metadata } as EventEntry;
}

/** Refuses a version that the stream has not reached: it comes from another log. */
export function refuseUnreachable(after: Version | undefined, newest: Version): DeliveryRefusal | undefined {
  const isReachable = after === undefined || (after <= newest && after >= noStream);
  return isReachable ? undefined : { kind: 'version-not-reached', newest };
}
