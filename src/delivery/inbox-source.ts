import { UndecodableEvent } from '../events/codec.ts';
import { LogUnavailable } from '../ports/event-log.ts';
import type { PeoplePages } from '../ports/pages.ts';
import { ReadModelsUnavailable } from '../ports/read-model-faults.ts';
import type { CountsNow } from '../projections/counts-now.ts';
import type { Refused } from '../rights/access-refusal.ts';
import type { Policy } from '../rights/policy.ts';
import { type Subscriber, type Subscription, startDeliveries, type Take } from './deliveries.ts';
import type { Deliveries, DeliveryRefusal } from './delivery-refusal.ts';
import type { Freshness } from './freshness.ts';
import type { FeedEvent, LiveFeed } from './live-feed.ts';
import { unreadCount } from './unread.ts';

/** Where the viewer stands in one group, now; or where they stood when they left it. */
export interface InboxEntry {
  readonly groupId: string;
  readonly lastSeq: number;
  readonly markedUpTo: number;
  readonly unreadCount: number;
  /** True once the viewer is no longer a member: the last that is heard of the group, and as of the moment of leaving. */
  readonly left: boolean;
}

export interface InboxSourceOptions extends Subscriber {
  readonly feed: Pick<LiveFeed, 'watch' | 'position'>;
  readonly readModels: Pick<PeoplePages, 'inboxPage'>;
  readonly counts: { of(groupId: string): Promise<CountsNow> };
  readonly freshness: Pick<Freshness, 'atLeast'>;
  readonly policy: Pick<Policy, 'refuseDelivery'>;
  /** Resolves when it is this subscriber's turn to read a page of their groups. */
  readonly turn: () => Promise<void>;
}

/** Changes of one group within this time are told together. */
const coalesceMilliseconds = 250;
const groupsPerPage = 200;

/**
 * Every change of the viewer's inbox from now on: new messages, own marks (also from other devices), joining, leaving. Of
 * each group the newest standing is told, as it is at the moment of delivery: however slow the subscriber, no more waits
 * than one note for each group. Of a group that one has left nothing is told but that, and nothing of after it.
 */
export function createInboxSource(
  options: InboxSourceOptions,
): Promise<Deliveries<InboxEntry> | Refused<DeliveryRefusal>> {
  const { feed, viewer } = options;
  return startDeliveries<InboxEntry>(options, async (subscription) => {
    const inbox = createInbox(options, subscription);
    // Watching for being added comes first: whoever is added while the inbox is read is heard of here.
    subscription.begun(feed.watch('person', viewer.userId, { hear: inbox.hear, fail: subscription.fail }));
    const behind = await options.freshness.atLeast(feed.position());
    if (behind !== undefined) return { refused: behind };
    await watchOwnGroups(options, subscription, inbox.watch);
    return inbox.take;
  });
}

interface Inbox {
  /** Takes the group into the inbox. */
  watch(groupId: string): void;
  /** Hears of the viewer's own marks and memberships. */
  hear(news: FeedEvent): void;
  readonly take: Take<InboxEntry>;
}

/** What is to be told of a group: how things stand in it, or that the viewer has left it after a message. */
type Note = 'standing' | { readonly leftAfterSeq: number };

function createInbox(options: InboxSourceOptions, subscription: Subscription): Inbox {
  const { feed, counts, policy, viewer } = options;
  const watched = new Map<string, () => void>();
  const coalescing = new Map<string, NodeJS.Timeout>();
  const notes = new Map<string, Note>();
  subscription.begun(() => {
    for (const unwatch of watched.values()) unwatch();
    for (const timer of coalescing.values()) clearTimeout(timer);
  });

  function watch(groupId: string): void {
    if (watched.has(groupId) || subscription.isEnded()) return;
    const hear = () => noteLater(groupId, 'standing');
    watched.set(groupId, feed.watch('messages', groupId, { hear, fail: subscription.fail }));
  }

  function unwatch(groupId: string): void {
    watched.get(groupId)?.();
    watched.delete(groupId);
  }

  function note(groupId: string, what: Note): void {
    clearTimeout(coalescing.get(groupId));
    coalescing.delete(groupId);
    // One who has left, and has not been told yet, does not stand there because of a mark that has come too late.
    const hasLeft = typeof notes.get(groupId) === 'object' && !watched.has(groupId);
    if (hasLeft && what === 'standing') return;
    notes.set(groupId, what);
    subscription.wake();
  }

  function noteLater(groupId: string, what: Note): void {
    if (coalescing.has(groupId) || subscription.isEnded()) return;
    const timer = setTimeout(() => note(groupId, what), coalesceMilliseconds);
    coalescing.set(groupId, timer);
  }

  /** Undefined where nothing may be told of the group: that the viewer has left it is told by a note of its own. */
  async function entryOf(groupId: string, what: Note): Promise<InboxEntry | undefined> {
    const group = await counts.of(groupId);
    const reading = group.reading(viewer.userId);
    const markedUpTo = reading?.markedUpTo ?? 0;
    if (what !== 'standing') {
      const lastSeq = what.leftAfterSeq;
      return { groupId, lastSeq, markedUpTo: Math.min(markedUpTo, lastSeq), unreadCount: 0, left: true };
    }
    const refused = await policy.refuseDelivery(viewer, groupId);
    if (refused?.kind === 'unauthenticated') subscription.end(refused);
    else if (refused !== undefined) unwatch(groupId);
    if (refused !== undefined || !reading?.active) return undefined;
    const lastSeq = group.lastSeq();
    return {
      groupId,
      lastSeq,
      markedUpTo,
      unreadCount: unreadCount(lastSeq, Math.max(markedUpTo, reading.memberAfterSeq)),
      left: false,
    };
  }

  return {
    watch,
    hear({ groupId, decoded: { event } }) {
      if (event.type === 'MembersAdded') watch(groupId);
      if (event.type === 'MembersAdded' || event.type === 'ReadUpTo') noteLater(groupId, 'standing');
      if (event.type !== 'MemberLeft' && event.type !== 'MemberRemoved') return;
      unwatch(groupId);
      note(groupId, { leftAfterSeq: event.data.afterSeq });
    },
    async take() {
      for (const [groupId, what] of notes) {
        notes.delete(groupId);
        try {
          const entry = await entryOf(groupId, what);
          if (entry !== undefined) return entry;
        } catch (error) {
          // A halted group says nothing more, and keeps no other from being told of.
          if (error instanceof UndecodableEvent) continue;
          if (!(error instanceof LogUnavailable || error instanceof ReadModelsUnavailable)) throw error;
          noteLater(groupId, what);
        }
      }
      return undefined;
    },
  };
}

/**
 * Takes every group of the viewer's into the inbox. Pages are read one after another, and a group with a new message moves
 * to the front meanwhile: so the front is read again, down to where it was, until that was a single page, which is of one
 * moment.
 */
async function watchOwnGroups(
  { readModels, viewer, turn }: InboxSourceOptions,
  subscription: Subscription,
  watch: (groupId: string) => void,
): Promise<void> {
  let front = Number.NEGATIVE_INFINITY;
  for (let pages = 0; pages !== 1; ) {
    const floor = front;
    let before: number | undefined;
    for (pages = 0; !subscription.isEnded(); ) {
      await turn();
      const page = await readModels.inboxPage(viewer.userId, before, groupsPerPage);
      pages += 1;
      for (const { group } of page) watch(group.groupId);
      front = Math.max(front, page[0]?.activityPosition ?? front);
      before = page.at(-1)?.activityPosition;
      if (before === undefined || before <= floor || page.length < groupsPerPage) break;
    }
    if (subscription.isEnded()) return;
  }
}
