import type { ReadModels } from '../ports/read-models.ts';
import type { HotReadCounts } from '../projections/hot-read-counts.ts';
import { tokenExpired } from '../rights/access-refusal.ts';
import { atExpiry, type Viewer } from '../rights/viewer.ts';
import type { Behind } from './delivery-refusal.ts';
import type { Freshness } from './freshness.ts';
import type { FeedEvent, LiveFeed } from './live-feed.ts';
import { createPushedIterator, type PushedIterator } from './pushed-iterator.ts';

/** Where the viewer stands in one group, now. */
export interface InboxEntry {
  readonly groupId: string;
  readonly lastSeq: number;
  readonly markedUpTo: number;
  readonly unreadCount: number;
  /** True once the viewer is no longer a member: the last that is heard of the group. */
  readonly left: boolean;
}

export interface InboxSourceOptions {
  readonly feed: LiveFeed;
  readonly readModels: Pick<ReadModels, 'inboxPage'>;
  readonly counts: HotReadCounts;
  readonly freshness: Freshness;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** Changes of one group within this time are told together. */
const coalesceMilliseconds = 250;
const maximumWaiting = 1_000;
const groupsPerPage = 200;

/** What is unread is derived, never counted up: what came after the mark, or after one joined. Own messages move the mark. */
export function unreadCount(lastSeq: number, markedUpTo: number, memberAfterSeq: number): number {
  return Math.max(0, lastSeq - Math.max(markedUpTo, memberAfterSeq));
}

/** Every change of the viewer's inbox from now on: new messages, own marks (also from other devices), joining, leaving. */
export async function createInboxSource(
  options: InboxSourceOptions,
  viewer: Viewer,
): Promise<PushedIterator<InboxEntry> | Behind> {
  const { feed, readModels } = options;
  const watched = new Map<string, () => void>();
  const pending = new Map<string, NodeJS.Timeout>();

  const source = createPushedIterator<InboxEntry>({
    maximumWaiting,
    onEnd: () => {
      clearTimeout(expiry);
      unwatchAll();
      for (const unwatch of watched.values()) unwatch();
      for (const timer of pending.values()) clearTimeout(timer);
    },
  });
  const expiry = atExpiry(viewer, options.now(), () => source.end(tokenExpired));

  function watch(groupId: string): void {
    if (!watched.has(groupId))
      watched.set(
        groupId,
        feed.watchGroup(groupId, (event) => concerns(event) && schedule(groupId)),
      );
  }

  /** Other people's marks change nothing here. */
  const concerns = ({ decoded: { event } }: FeedEvent): boolean =>
    event.type === 'MessageSent' ||
    (event.type === 'ReadUpTo' && event.data.userId === viewer.userId) ||
    ((event.type === 'MemberLeft' || event.type === 'MemberRemoved') && event.data.userId === viewer.userId);

  function schedule(groupId: string): void {
    if (pending.has(groupId)) return;
    const tell = () => {
      pending.delete(groupId);
      standing(options, viewer, groupId).then(
        (entry) => {
          source.push(entry);
          if (entry.left) {
            watched.get(groupId)?.();
            watched.delete(groupId);
          }
        },
        (error: unknown) => source.fail(error),
      );
    };
    pending.set(groupId, setTimeout(tell, coalesceMilliseconds));
  }

  // Watching for being added comes first: whoever is added while the inbox is read is heard of here.
  const unwatchAll = feed.watchAll(({ groupId, decoded: { event } }) => {
    if (event.type !== 'MembersAdded' || !event.data.members.some(({ userId }) => userId === viewer.userId)) return;
    watch(groupId);
    schedule(groupId);
  });
  const behind = await options.freshness.atLeast(feed.position());
  if (behind !== undefined) return behind;
  for (let before: number | undefined; ; ) {
    const page = await readModels.inboxPage(viewer.userId, before, groupsPerPage);
    for (const { group } of page) watch(group.groupId);
    before = page.at(-1)?.activityPosition;
    if (page.length < groupsPerPage) return source;
  }
}

async function standing({ counts }: InboxSourceOptions, viewer: Viewer, groupId: string): Promise<InboxEntry> {
  const group = await counts.of(groupId);
  const reading = group.reading(viewer.userId);
  const markedUpTo = reading?.markedUpTo ?? 0;
  const lastSeq = group.lastSeq();
  const left = !reading?.active;
  return {
    groupId,
    lastSeq,
    markedUpTo,
    left,
    unreadCount: left ? 0 : unreadCount(lastSeq, markedUpTo, reading.memberAfterSeq),
  };
}
