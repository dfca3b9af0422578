import { type Position, type RecordedEvent, startOfLog } from '../../ports/event-log.ts';

/** What is kept of the newest events for those who follow: past either bound the oldest go, and are read from disk. */
const maximumRecentEvents = 10_000;
const maximumRecentCharacters = 8 * 1024 * 1024;

/** Whoever follows. Both members return at once. */
export interface Follower {
  /** There may be something new. */
  wake(): void;
  /** The log is closing. */
  end(): void;
}

/**
 * The newest end of the log, shared by all who follow it in this thread. A follower has no queue of its own: it asks for
 * what comes after its position, so a slow one costs no memory and holds back nobody.
 */
export interface LiveFeed {
  /** The newest position heard of. Nothing is announced before it can be read. */
  newest(): Position;
  /** The events, in the log's order, that one commit has added. */
  committed(events: readonly RecordedEvent[]): void;
  /** Only the position is known: the events are to be read from disk. */
  advanced(position: Position): void;
  /** The events right after `position`, in an array shared by all, if they are still in memory. */
  recentAfter(position: Position): readonly RecordedEvent[] | undefined;
  /** Whether anybody follows. */
  isFollowed(): boolean;
  join(follower: Follower): void;
  leave(follower: Follower): void;
  /** Ends every follower, those that come later too. */
  close(): void;
}

/** `onFollowed` hears when the first follower joins and when the last one leaves. */
export function createLiveFeed(onFollowed: (followed: boolean) => void = () => {}): LiveFeed {
  const followers = new Set<Follower>();
  const recent = createRecentEvents();
  let newest = startOfLog;
  let closed = false;

  function advanced(position: Position): void {
    if (position <= newest) return;
    newest = position;
    for (const follower of followers) follower.wake();
  }

  return {
    newest: () => newest,
    committed: (events) => {
      const last = events.at(-1);
      if (last === undefined) return;
      if (followers.size > 0) recent.add(events);
      advanced(last.position);
    },
    advanced,
    recentAfter: recent.after,
    isFollowed: () => followers.size > 0,
    join: (follower) => {
      if (closed) return follower.end();
      followers.add(follower);
      if (followers.size === 1) onFollowed(true);
    },
    leave: (follower) => {
      if (!followers.delete(follower) || followers.size > 0) return;
      recent.clear();
      onFollowed(false);
    },
    close: () => {
      closed = true;
      for (const follower of [...followers]) follower.end();
    },
  };
}

interface RecentBatch {
  readonly events: readonly RecordedEvent[];
  readonly first: Position;
  readonly last: Position;
  readonly characters: number;
}

/** A bounded run of batches without a gap between them. */
function createRecentEvents() {
  let batches: RecentBatch[] = [];
  let events = 0;
  let characters = 0;

  function clear(): void {
    batches = [];
    events = 0;
    characters = 0;
  }

  function add(added: readonly RecordedEvent[]): void {
    const [first, last] = [added[0], added.at(-1)];
    if (first === undefined || last === undefined) return;
    // Something came in between that this process did not append.
    if (batches.at(-1)?.last !== first.position - 1) clear();
    const size = added.reduce((sum, event) => sum + event.data.length + event.metadata.length, 0);
    batches.push({ events: added, first: first.position, last: last.position, characters: size });
    events += added.length;
    characters += size;
    while (events > maximumRecentEvents || characters > maximumRecentCharacters) {
      const oldest = batches.shift();
      if (oldest === undefined) return;
      events -= oldest.events.length;
      characters -= oldest.characters;
    }
  }

  function after(position: Position): readonly RecordedEvent[] | undefined {
    const batch = batches.findLast(({ first }) => first <= position + 1);
    if (batch === undefined || batch.last <= position) return undefined;
    // Within a commit there is no gap either, so the distance between positions is the distance in the array.
    return batch.first === position + 1 ? batch.events : batch.events.slice(position + 1 - batch.first);
  }

  return { add, after, clear };
}
