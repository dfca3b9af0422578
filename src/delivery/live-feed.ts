import type { Commands } from '../commands/commands.ts';
import type { DecodedRecord } from '../events/decode-recorded.ts';
import type { HighwaterEvent } from '../events/event.ts';
import { parseStreamName } from '../events/stream-name.ts';
import type { EventLog, Position, RecordedEvent } from '../ports/event-log.ts';
import { GroupHalted, type HaltedGroups } from '../ports/halted-groups.ts';
import type { HotReadCounts } from '../projections/hot-read-counts.ts';
import type { ChangedCounts } from '../projections/read-counts.ts';
import { createFeedListeners, type FeedListener, type FeedListeners } from './feed-listeners.ts';

/** One event of a group, as it came by. */
export interface FeedEvent {
  readonly groupId: string;
  readonly family: 'group' | 'reads';
  readonly recorded: RecordedEvent;
  readonly decoded: DecodedRecord;
  /** The group's messages whose counts it may have changed, where the group's counts are hot. */
  readonly changedCounts: ChangedCounts | undefined;
}

/**
 * What one can listen to, by a group's id or, for `person`, by a user's:
 *
 * - `group`: every event of the group's own stream.
 * - `messages`: only its new messages.
 * - `counts`: what may have changed the counts of its messages, while its counts are hot.
 * - `person`: the person's own marks, and their joining and leaving of groups.
 */
export type FeedTopic = 'group' | 'messages' | 'counts' | 'person';

/** This process's one subscription to the log. Everything here that is live hangs on it, and nothing waits for a read model. */
export interface LiveFeed {
  position(): Position;
  /** Resolves once the feed has reached `position`; false when `milliseconds` passed first. */
  reached(position: Position, milliseconds: number): Promise<boolean>;
  /**
   * Calls the listener for each event of the topic, until the returned function is called. One that throws is told so and
   * is called no more; nobody else notices. Where a group is halted, listeners to it and to its counts are told why.
   */
  watch(topic: FeedTopic, id: string, listener: FeedListener<FeedEvent>): () => void;
  /** How many listen, to anything. */
  listenerCount(): number;
  /** Whether it is on the log. As long as it is not, nothing comes to anybody; it is begun again where it was. */
  isFollowing(): boolean;
  stop(): Promise<void>;
}

export interface LiveFeedOptions {
  readonly log: EventLog;
  readonly commands: Pick<Commands, 'follow'>;
  readonly counts: HotReadCounts;
  readonly startPosition: Position;
  /** A group whose event cannot be read or folded, whatever it is, is halted: nothing more of it is handed on. */
  readonly halted: HaltedGroups;
  /** Runs what follows the log until it is stopped, and begins it again whatever ends it. */
  readonly keepRunning: (follow: (signal: AbortSignal) => Promise<void>) => { stop(): Promise<void> };
}

export function startLiveFeed({
  log,
  commands,
  counts,
  startPosition,
  halted,
  keepRunning,
}: LiveFeedOptions): LiveFeed {
  const topics: Readonly<Record<FeedTopic, FeedListeners<FeedEvent>>> = {
    group: createFeedListeners(),
    messages: createFeedListeners(),
    counts: createFeedListeners(),
    person: createFeedListeners(),
  };
  const waiting = new Set<{ position: Position; reached: () => void }>();
  let position = startPosition;
  let isFollowing = false;

  function handOn(recorded: RecordedEvent): void {
    const stream = parseStreamName(recorded.streamName);
    if (stream === undefined) return;
    try {
      halted.require(stream.groupId);
      const news = halted.fold(recorded, (decoded) => folded(recorded, decoded));
      if (news !== undefined) tell(news);
    } catch (error) {
      if (!(error instanceof GroupHalted)) throw error;
      counts.skip(recorded);
    }
  }

  /** Into everything that is kept of the group here; undefined where it is of a stream that nobody listens to. */
  function folded(recorded: RecordedEvent, decoded: DecodedRecord): FeedEvent | undefined {
    const { family, groupId } = decoded;
    if (family === 'imports') return undefined;
    commands.follow(recorded, decoded);
    const changedCounts = counts.follow(recorded, decoded);
    return { groupId, family, recorded, decoded, changedCounts };
  }

  halted.watch((groupId, halt) => {
    if (halt === undefined) return;
    const error = new GroupHalted(halt);
    topics.group.failAll(groupId, error);
    topics.counts.failAll(groupId, error);
  });

  function tell(news: FeedEvent): void {
    const { groupId, family, changedCounts, decoded } = news;
    if (family === 'group') topics.group.tell(groupId, news);
    if (decoded.event.type === 'MessageSent') topics.messages.tell(groupId, news);
    if (changedCounts !== undefined) topics.counts.tell(groupId, news);
    for (const userId of peopleConcerned(decoded.event)) topics.person.tell(userId, news);
  }

  /** From where an earlier run has come to, so that whatever ended it leaves nothing out. */
  async function follow(signal: AbortSignal): Promise<void> {
    try {
      for await (const { events } of log.subscribe(position, signal)) {
        isFollowing = true;
        for (const recorded of events) {
          handOn(recorded);
          position = recorded.position;
        }
        for (const one of waiting) if (one.position <= position) one.reached();
      }
    } finally {
      isFollowing = false;
    }
  }

  const following = keepRunning(follow);

  return {
    position: () => position,
    reached(wanted, milliseconds) {
      if (wanted <= position) return Promise.resolve(true);
      return new Promise((resolve) => {
        const settle = (reached: boolean) => {
          clearTimeout(timer);
          waiting.delete(one);
          resolve(reached);
        };
        const one = { position: wanted, reached: () => settle(true) };
        const timer = setTimeout(() => settle(false), milliseconds);
        waiting.add(one);
      });
    },
    watch: (topic, id, listener) => topics[topic].add(id, listener),
    listenerCount: () => Object.values(topics).reduce((sum, listeners) => sum + listeners.count(), 0),
    isFollowing: () => isFollowing,
    stop: () => following.stop(),
  };
}

/** Whose own marks or memberships an event is about. */
function peopleConcerned(event: HighwaterEvent): readonly string[] {
  switch (event.type) {
    case 'ReadUpTo':
    case 'MemberLeft':
    case 'MemberRemoved':
      return [event.data.userId];
    case 'MembersAdded':
      return event.data.members.map(({ userId }) => userId);
    default:
      return [];
  }
}
