import type { Refused } from '../rights/access-refusal.ts';
import type { Policy } from '../rights/policy.ts';
import { type Subscriber, startDeliveries } from './deliveries.ts';
import type { Deliveries, DeliveryRefusal } from './delivery-refusal.ts';
import type { LiveFeed } from './live-feed.ts';
import type { ReadCountAnnouncer, ReadCountsAnnouncement } from './read-count-announcer.ts';

export interface ReadCountsSourceOptions extends Subscriber {
  readonly announcer: ReadCountAnnouncer;
  readonly feed: Pick<LiveFeed, 'watch'>;
  readonly policy: Pick<Policy, 'refuseDelivery'>;
  readonly groupId: string;
}

/**
 * A group's counts now, and again whenever they have changed, for one who may see them at the moment of delivery. A slow
 * watcher is told the newest counts only: older ones are of no use. One's own departure ends it.
 */
export function createReadCountsSource(
  options: ReadCountsSourceOptions,
): Promise<Deliveries<ReadCountsAnnouncement> | Refused<DeliveryRefusal>> {
  const { announcer, feed, policy, viewer, groupId } = options;
  return startDeliveries(options, async (subscription) => {
    let latest: ReadCountsAnnouncement | undefined;
    const { wake, fail } = subscription;
    subscription.begun(
      announcer.watch(groupId, {
        hear(announcement) {
          latest = announcement;
          wake();
        },
        fail,
      }),
    );
    // The departure itself changes no count: the policy is asked once more.
    subscription.begun(feed.watch('person', viewer.userId, { hear: wake, fail }));
    const first = await announcer.announcement(groupId);
    latest ??= first;
    return async () => {
      const refused = await policy.refuseDelivery(viewer, groupId);
      if (refused !== undefined) subscription.end(refused);
      const announcement = latest;
      latest = undefined;
      return announcement;
    };
  });
}
