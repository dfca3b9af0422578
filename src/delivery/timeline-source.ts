import { knownText } from '../commands/known-text.ts';
import { UndecodableEvent } from '../events/codec.ts';
import { type DecodedRecord, decodeRecorded } from '../events/decode-recorded.ts';
import type { GroupEvent } from '../events/event.ts';
import { groupStream } from '../events/stream-name.ts';
import { type EventLog, noStream, type RecordedEvent, type Version } from '../ports/event-log.ts';
import type { Refused } from '../rights/access-refusal.ts';
import type { Membership, Policy } from '../rights/policy.ts';
import type { BacklogBudget } from './backlog-budget.ts';
import { type Subscriber, type Subscription, startDeliveries, type Take } from './deliveries.ts';
import type { Deliveries, DeliveryRefusal } from './delivery-refusal.ts';
import type { LiveFeed } from './live-feed.ts';
import { createShownEvents, type LoggedEvent, type ShownEvent } from './shown-events.ts';
import { createWaitingEvents } from './waiting-events.ts';

/** An event, or the order to start anew from `version`. */
export type TimelineEntry =
  | ShownEvent
  | { readonly kind: 'resync'; readonly groupId: string; readonly version: Version };

export interface TimelineSourceOptions extends Subscriber {
  readonly log: Pick<EventLog, 'readStream'>;
  readonly feed: Pick<LiveFeed, 'watch'>;
  readonly policy: Pick<Policy, 'requireMember'>;
  readonly groupId: string;
  /** The last version that the subscriber has seen; undefined for what comes from now on. */
  readonly after: Version | undefined;
  /** The stream's newest version now. */
  readonly newest: Version;
  readonly backlog: BacklogBudget;
  /** Resolves when it is this subscriber's turn to read a page, which holds the thread for as long as decoding it takes. */
  readonly turn: () => Promise<void>;
}

/** One who has missed more than this is better served by a page of the timeline. */
export const furthestBehind = 10_000;
const pageSize = 256;
/** A page holds fewer events where these are long, as far as those before it tell. */
const pageCharacters = 256 * 1024;
const longEventCharacters = 4_000;
/** How long to wait where the log does not show yet what was heard of: another node may answer the reads. */
const rereadMilliseconds = 50;

/**
 * What the group's stream holds after a version, then live: each version once, in order, without a gap.
 *
 * - Nothing is delivered before the stream was read to the newest version known at that moment, so that no text is shown
 *   that was deleted or replaced since. Of what is read ahead only so much is kept; it is read a second time when its turn
 *   comes, and never a third.
 * - Rights are those of the moment of delivery: as the group's newest state has them, and as the stream itself says. The
 *   viewer's own departure ends it, also where it was read before anybody else in this process has heard of it.
 * - One who falls too far behind, before or later, is told to resync, and so is one for whose backlog there is no room; so
 *   what is held is bounded for one subscriber and for all of them.
 */
export function createTimelineSource(
  options: TimelineSourceOptions,
): Promise<Deliveries<TimelineEntry> | Refused<DeliveryRefusal>> {
  return startDeliveries<TimelineEntry>(options, async (subscription) => createTimeline(options, subscription));
}

function createTimeline(options: TimelineSourceOptions, subscription: Subscription): Take<TimelineEntry> {
  const { log, feed, policy, viewer, groupId, newest } = options;
  const share = { texts: options.backlog.texts.share(), changes: options.backlog.changes.share() };
  subscription.begun(share.texts.end);
  subscription.begun(share.changes.end);
  const shownEvents = createShownEvents(share);
  let nextVersion = (options.after ?? newest) + 1;
  /** Everything from the next version up to here is noted. */
  let notedTo = nextVersion - 1;
  let newestKnown = newest;
  /** From the next version on, without a gap. */
  const ready = createWaitingEvents(share.texts);
  let typicalCharacters = longEventCharacters;
  let hasRoom = true;
  let reread: LoggedEvent | undefined;
  let hasDeparted = false;
  let isOver = false;
  /** Why nothing comes after what is noted. */
  let halt: { readonly error: unknown } | undefined;

  function hear(recorded: RecordedEvent, decoded: DecodedRecord): void {
    const logged = loggedEvent(groupId, recorded, decoded);
    const { version } = logged;
    newestKnown = Math.max(newestKnown, version);
    if (version !== notedTo + 1) return;
    notedTo = version;
    hasRoom &&= shownEvents.note(logged);
    if (version > newest && isDeparture(logged.event, viewer.userId)) hasDeparted = true;
    typicalCharacters += (charactersOf(recorded) - typicalCharacters) / 16;
    if (version === nextVersion + ready.length) ready.push(logged, charactersOf(recorded));
  }

  async function read(from: Version, limit: number): Promise<readonly RecordedEvent[]> {
    await options.turn();
    const page = await log.readStream(groupStream(groupId), from, Math.min(limit, pageLimit(typicalCharacters)));
    if (page.length === 0) await new Promise((resolve) => setTimeout(resolve, rereadMilliseconds));
    return page;
  }

  /** Notes what the log holds beyond what is noted. */
  async function readOn(): Promise<void> {
    for (const recorded of await read(notedTo + 1, pageSize)) {
      try {
        hear(recorded, decodeRecorded(recorded));
      } catch (error) {
        if (!(error instanceof UndecodableEvent)) throw error;
        halt = { error };
        newestKnown = notedTo;
        return;
      }
    }
  }

  /** What is left out for want of room is read once more. */
  async function readAgain(from: Version, to: Version): Promise<void> {
    for (const recorded of await read(from, to - from + 1)) {
      const logged = loggedEvent(groupId, recorded, decodeRecorded(recorded));
      if (recorded.version !== nextVersion + ready.length || !ready.push(logged, charactersOf(recorded))) return;
    }
  }

  async function readOne(version: Version): Promise<LoggedEvent | undefined> {
    const [recorded] = await read(version, 1);
    return recorded && loggedEvent(groupId, recorded, decodeRecorded(recorded));
  }

  /** Ends the deliveries where the viewer may not have them, or says what the group is at this moment. */
  async function membershipNow(): Promise<Membership | undefined> {
    const membership = await policy.requireMember(viewer, groupId);
    if ('refused' in membership) subscription.end(membership.refused);
    else if (hasDeparted) subscription.end({ kind: 'no-longer-a-member' });
    else if (isOver) subscription.end();
    else return membership;
    return undefined;
  }

  /** One step towards the next event; where it is made, everything is asked again. */
  async function step(membership: Membership): Promise<TimelineEntry | 'nothing' | 'go on'> {
    if (!hasRoom || newestKnown - nextVersion >= furthestBehind) {
      isOver = true;
      return { kind: 'resync', groupId, version: newestKnown };
    }
    if (newestKnown > notedTo) {
      await readOn();
      return 'go on';
    }
    const next = ready.first();
    if (next === undefined && nextVersion <= notedTo) {
      await readAgain(nextVersion, notedTo);
      return 'go on';
    }
    if (next === undefined) {
      if (halt !== undefined) throw halt.error;
      shownEvents.forgetBefore(nextVersion);
      return 'nothing';
    }
    const shown = shownEvents.show(next, reread);
    if ('missing' in shown) {
      reread = await readOne(shown.missing);
      return 'go on';
    }
    // This process can have appended what the feed has not brought yet.
    if (membership.version > notedTo && !standsIn(membership, shown)) {
      newestKnown = membership.version;
      return 'go on';
    }
    ready.shift();
    nextVersion = next.version + 1;
    if (nextVersion % pageSize === 0) shownEvents.forgetBefore(nextVersion);
    return shown;
  }

  subscription.begun(
    feed.watch('group', groupId, {
      hear({ recorded, decoded }) {
        hear(recorded, decoded);
        subscription.wake();
      },
      fail(error) {
        halt = { error };
        subscription.wake();
      },
    }),
  );

  return async () => {
    for (;;) {
      const membership = await membershipNow();
      if (membership === undefined || subscription.isEnded()) return undefined;
      const taken = await step(membership);
      if (taken === 'nothing') return undefined;
      if (taken !== 'go on') return taken;
    }
  };
}

const charactersOf = ({ data, metadata }: RecordedEvent): number => data.length + metadata.length;

const pageLimit = (typicalCharacters: number): number =>
  Math.max(1, Math.min(pageSize, Math.floor(pageCharacters / typicalCharacters)));

function loggedEvent(
  groupId: string,
  { version, position }: RecordedEvent,
  { event, metadata }: DecodedRecord,
): LoggedEvent {
  // A `group-…` stream holds group events only.
  return { kind: 'event', groupId, version, position, event: event as GroupEvent, metadata };
}

const isDeparture = (event: GroupEvent, userId: string): boolean =>
  (event.type === 'MemberLeft' || event.type === 'MemberRemoved') && event.data.userId === userId;

/** Whether the group's newest state says of the event's text, if it shows one, that it stands. */
function standsIn({ state }: Membership, { event }: ShownEvent): boolean {
  if (event.type !== 'MessageSent' && event.type !== 'MessageEdited') return true;
  const { messageId, text } = event.data;
  return text === null || knownText(state, messageId, text) === 'stands';
}

/** Refuses a version that the stream has not reached: it comes from another log. */
export function refuseUnreachable(after: Version | undefined, newest: Version): DeliveryRefusal | undefined {
  const isReachable = after === undefined || (after <= newest && after >= noStream);
  return isReachable ? undefined : { kind: 'version-not-reached', newest };
}
