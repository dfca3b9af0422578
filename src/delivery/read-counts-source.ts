import type { Policy } from '../rights/policy.ts';
import type { Viewer } from '../rights/viewer.ts';
import { createPushedIterator, type PushedIterator } from './pushed-iterator.ts';
import type { ReadCountAnnouncer, ReadCountsAnnouncement } from './read-count-announcer.ts';

export interface ReadCountsSourceOptions {
  readonly announcer: ReadCountAnnouncer;
  readonly policy: Policy;
  readonly viewer: Viewer;
  readonly groupId: string;
}

/** A watcher who is this many announcements behind is not reading. */
const maximumWaiting = 8;

/** A group's counts now, and again whenever they have changed, for one who may see them at that moment. */
export async function createReadCountsSource(
  options: ReadCountsSourceOptions,
): Promise<PushedIterator<ReadCountsAnnouncement>> {
  const { announcer, policy, viewer, groupId } = options;
  let stop = () => {};
  const source = createPushedIterator<ReadCountsAnnouncement>({ maximumWaiting, onEnd: () => stop() });
  const announce = (announcement: ReadCountsAnnouncement): void => {
    void policy.refuseDelivery(viewer, groupId).then(
      (refused) => (refused === undefined ? source.push(announcement) : source.end(refused)),
      (error: unknown) => source.fail(error),
    );
  };
  stop = await announcer.watch(groupId, announce);
  return source;
}
