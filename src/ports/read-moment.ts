import type { Position } from './event-log.ts';
import type { GroupSnapshots } from './group-snapshots.ts';
import type { MessagePages, PeoplePages } from './pages.ts';

/**
 * The read models as they were when everything up to `position` was in them, and nothing else: whatever is written
 * meanwhile, all that it answers adds up. It is short: whoever opens one closes it when their answer is complete, whatever
 * becomes of that. Each call throws ReadModelsUnavailable, and MomentPassed where it can no longer answer as of then, or
 * is closed.
 */
export interface ReadMoment extends GroupSnapshots, PeoplePages, MessagePages {
  readonly position: Position;
  /** May be called again. Never rejects. */
  close(): Promise<void>;
}

export interface ReadMoments {
  /** The newest moment. Waits while too many are open; throws ReadModelsUnavailable where that takes too long. */
  moment(): Promise<ReadMoment>;
}

/** What was to be read as of a moment is no longer there as it was then. The whole answer is to be begun at a new moment. */
export class MomentPassed extends Error {
  override readonly name = 'MomentPassed';
}

export type MomentQueries = Omit<ReadMoment, 'position' | 'close'>;

/** Its queries, for whoever passes them on. */
export const momentQueries = Object.keys({
  ...{ groups: true, groupSnapshot: true, members: true, membersPage: true, membersByName: true, inboxPage: true },
  ...{ readersPage: true, unreadGroups: true, mentionCounts: true, reactionMembers: true, ownReactions: true },
  ...{
    reactionCounts: true,
    timelinePage: true,
    messages: true,
    messagesBySeq: true,
    mentionsPage: true,
    search: true,
  },
} satisfies Record<keyof MomentQueries, true>) as readonly (keyof MomentQueries)[];

/** The same queries, each of which is run by `run`. */
export function passedOn(
  queries: MomentQueries,
  run: <Answer>(read: () => Promise<Answer>) => Promise<Answer>,
): MomentQueries {
  const passed = momentQueries.map((name) => {
    const query = queries[name] as (...asked: readonly unknown[]) => Promise<unknown>;
    return [name, (...asked: readonly unknown[]) => run(() => query(...asked))];
  });
  return Object.fromEntries(passed) as MomentQueries;
}
