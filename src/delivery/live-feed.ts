import type { Commands } from '../commands/commands.ts';
import { UndecodableEvent } from '../events/codec.ts';
import { type DecodedRecord, decodeRecorded } from '../events/decode-recorded.ts';
import { parseStreamName } from '../events/stream-name.ts';
import type { EventLog, Position, RecordedEvent } from '../ports/event-log.ts';
import type { HotReadCounts } from '../projections/hot-read-counts.ts';
import type { ChangedCounts } from '../projections/read-counts.ts';

/** One event of a group, as it came by. */
export interface FeedEvent {
  readonly groupId: string;
  readonly family: 'group' | 'reads';
  readonly recorded: RecordedEvent;
  readonly decoded: DecodedRecord;
  /** The group's messages whose counts it may have changed, where the group's counts are hot. */
  readonly changedCounts: ChangedCounts | undefined;
}

export type FeedListener = (event: FeedEvent) => void;

/** This process's one subscription to the log. Everything here that is live hangs on it, and nothing waits for a read model. */
export interface LiveFeed {
  position(): Position;
  /** Resolves once the feed has reached `position`; false when `milliseconds` passed first. */
  reached(position: Position, milliseconds: number): Promise<boolean>;
  /** Calls the listener, synchronously and in the log's order, for each event of the group, until the returned function is called. */
  watchGroup(groupId: string, listener: FeedListener): () => void;
  /** The same for events of every group. */
  watchAll(listener: FeedListener): () => void;
  stop(): Promise<void>;
}

export interface LiveFeedOptions {
  readonly log: EventLog;
  readonly commands: Pick<Commands, 'follow'>;
  readonly counts: HotReadCounts;
  readonly startPosition: Position;
  /** A group whose event cannot be decoded is halted here: nothing more of it is handed on. */
  readonly onPoison: (recorded: RecordedEvent, error: UndecodableEvent) => void;
  /** The subscription itself failed for good. */
  readonly onFault: (error: unknown) => void;
}

export function startLiveFeed({ log, commands, counts, startPosition, onPoison, onFault }: LiveFeedOptions): LiveFeed {
  const abort = new AbortController();
  const byGroup = new Map<string, Set<FeedListener>>();
  const everywhere = new Set<FeedListener>();
  const halted = new Set<string>();
  const waiting = new Set<{ position: Position; reached: () => void }>();
  let position = startPosition;

  function handOn(recorded: RecordedEvent): void {
    const stream = parseStreamName(recorded.streamName);
    if (stream === undefined || stream.family === 'imports' || halted.has(stream.groupId)) return;
    let decoded: DecodedRecord;
    try {
      decoded = decodeRecorded(recorded);
    } catch (error) {
      if (!(error instanceof UndecodableEvent)) throw error;
      halted.add(stream.groupId);
      onPoison(recorded, error);
      return;
    }
    const { family, groupId } = stream;
    commands.follow(recorded, decoded);
    const changedCounts = counts.follow(recorded, decoded);
    const event: FeedEvent = { groupId, family, recorded, decoded, changedCounts };
    for (const listener of byGroup.get(groupId) ?? []) listener(event);
    for (const listener of everywhere) listener(event);
  }

  async function follow(): Promise<void> {
    for await (const { events } of log.subscribe(startPosition, abort.signal)) {
      for (const recorded of events) {
        handOn(recorded);
        position = recorded.position;
      }
      for (const one of waiting) if (one.position <= position) one.reached();
    }
  }

  const following = follow().catch((error: unknown) => {
    if (!abort.signal.aborted) onFault(error);
  });

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
    watchGroup(groupId, listener) {
      const listeners = byGroup.get(groupId) ?? new Set();
      byGroup.set(groupId, listeners.add(listener));
      return () => {
        listeners.delete(listener);
        if (listeners.size === 0 && byGroup.get(groupId) === listeners) byGroup.delete(groupId);
      };
    },
    watchAll(listener) {
      everywhere.add(listener);
      return () => everywhere.delete(listener);
    },
    async stop() {
      abort.abort();
      await following;
    },
  };
}
