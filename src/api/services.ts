import type { Commands } from '../commands/commands.ts';
import type { BacklogBudget } from '../delivery/backlog-budget.ts';
import type { Freshness } from '../delivery/freshness.ts';
import type { LiveFeed } from '../delivery/live-feed.ts';
import type { ReadCountAnnouncer } from '../delivery/read-count-announcer.ts';
import type { ShownMessages } from '../delivery/shown-messages.ts';
import type { EventLog } from '../ports/event-log.ts';
import type { HaltedGroups } from '../ports/halted-groups.ts';
import type { ReadModels } from '../ports/read-models.ts';
import type { HotReadCounts } from '../projections/hot-read-counts.ts';
import type { Tokens } from '../rights/tokens.ts';

/** What the API is made of; one instance a process. */
export interface Services {
  readonly log: EventLog;
  readonly commands: Commands;
  /** Without what holds texts, which is shown by `messages` only. */
  readonly readModels: Omit<ReadModels, keyof ShownMessages>;
  readonly messages: ShownMessages;
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
