import type { Commands } from '../commands/commands.ts';
import type { BacklogBudget } from '../delivery/backlog-budget.ts';
import type { Freshness } from '../delivery/freshness.ts';
import type { LiveFeed } from '../delivery/live-feed.ts';
import type { ReadCountAnnouncer } from '../delivery/read-count-announcer.ts';
import type { EventLog } from '../ports/event-log.ts';
import type { GroupSnapshots } from '../ports/group-snapshots.ts';
import type { HaltedGroups } from '../ports/halted-groups.ts';
import type { MessagePages, PeoplePages } from '../ports/pages.ts';
import type { ProjectionProgress } from '../ports/projection-progress.ts';
import type { ReadMoments } from '../ports/read-moment.ts';
import type { CountsNow } from '../projections/counts-now.ts';
import type { HotReadCounts } from '../projections/hot-read-counts.ts';
import type { Tokens } from '../rights/tokens.ts';

/** What the API is made of; one instance a process. */
export interface Services {
  readonly log: EventLog;
  readonly commands: Commands;
  /** Without the pages that hold texts, which are shown by `messages` only. */
  readonly readModels: ProjectionProgress & GroupSnapshots & PeoplePages & ReadMoments;
  readonly messages: MessagePages;
  /** Which groups are halted, as far as this process knows. */
  readonly halted: HaltedGroups;
  readonly counts: HotReadCounts;
  readonly feed: LiveFeed;
  readonly announcer: ReadCountAnnouncer;
  readonly freshness: Freshness;
  /** What subscribers who are behind may hold. */
  readonly backlog: BacklogBudget;
  readonly tokens: Tokens;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** A random id for a command that its client gave none. */
  readonly newId: () => string;
}

/** The same for one answer: what is read is of one moment. */
export interface AnswerServices extends Omit<Services, 'counts'> {
  readonly counts: Pick<Services['counts'], 'at'> & {
    /** To be asked at once, before any wait. */
    of(groupId: string): Promise<CountsNow>;
  };
}
