import { createCommands } from '../../src/commands/commands.ts';
import { createBacklogBudget } from '../../src/delivery/backlog-budget.ts';
import type { Deliveries } from '../../src/delivery/delivery-refusal.ts';
import { createInboxSource, type InboxEntry } from '../../src/delivery/inbox-source.ts';
import { startLiveFeed } from '../../src/delivery/live-feed.ts';
import { createReadCountAnnouncer, type ReadCountsAnnouncement } from '../../src/delivery/read-count-announcer.ts';
import { createReadCountsSource } from '../../src/delivery/read-counts-source.ts';
import { createTimelineSource, type TimelineEntry } from '../../src/delivery/timeline-source.ts';
import { type EncodedEvent, encodeEvent } from '../../src/events/codec.ts';
import type { GroupEvent, ReadsEvent } from '../../src/events/event.ts';
import { groupStream, readsStream } from '../../src/events/stream-name.ts';
import { type EventLog, type Position, startOfLog, type Version } from '../../src/ports/event-log.ts';
import { createHaltedGroups } from '../../src/ports/halted-groups.ts';
import type { InboxRow } from '../../src/ports/rows.ts';
import { keepRunning } from '../../src/processes/keep-running.ts';
import { createHotReadCounts } from '../../src/projections/hot-read-counts.ts';
import { createPolicy } from '../../src/rights/policy.ts';
import { by, type GroupOrder } from '../commands/given.ts';
import { createInMemoryEventLog } from '../fakes/in-memory-event-log.ts';
import { createLaggingReadModels } from '../fakes/lagging-read-models.ts';

export const groupId = 'lunch';

/**
 * Everything that delivers, on a log in memory. Events are appended as by another process: this one hears of them by its
 * feed, which can be held. Read models stand still until they are told to go on.
 */
export function createStage() {
  const log = createInMemoryEventLog();
  const lagging = createLaggingReadModels(log);
  let gate: PromiseWithResolvers<void> | undefined;
  const held: EventLog = { ...log, subscribe: (after, signal) => throughGate(after, signal) };
  async function* throughGate(after: Position, signal: AbortSignal) {
    for await (const batch of log.subscribe(after, signal)) {
      await gate?.promise;
      yield batch;
    }
  }
  const stage = { now: 0, behind: false, turn: async () => {} };
  const now = () => stage.now;
  const halted = createHaltedGroups();
  const commands = createCommands({ log, readModels: lagging, halted });
  const counts = createHotReadCounts({ log, readModels: lagging, halted, startPosition: startOfLog });
  const poisoned: string[] = [];
  halted.watch((groupId, halt) => void (halt !== undefined && poisoned.push(groupId)));
  const feed = startLiveFeed({
    log: held,
    commands,
    counts,
    startPosition: startOfLog,
    halted,
    keepRunning: (run) =>
      keepRunning({
        run,
        onEnd: (error) => {
          throw error;
        },
      }),
  });
  const policy = createPolicy(commands, now);
  const announcer = createReadCountAnnouncer(feed, counts);
  const backlog = createBacklogBudget();
  const turn = async () => stage.turn();
  const inboxRows: InboxRow[] = [];
  const viewerOf = (userId: string) => ({ userId, name: userId, expiresAt: 1_000_000 });

  async function store(stream: string, encoded: readonly EncodedEvent[]): Promise<Position> {
    const [last] = await log.readStreamBackwards(stream, undefined, 1);
    const result = await log.append(stream, last?.version ?? -1, encoded);
    if (result.kind === 'conflict') throw new Error('the test has appended at a wrong version');
    return result.position;
  }

  return Object.assign(stage, {
    log,
    lagging,
    commands,
    counts,
    feed,
    policy,
    announcer,
    backlog,
    inboxRows,
    poisoned,
    viewerOf,
    /** Appends to the group's stream, or marks to its other one, as another process does. */
    append(...events: readonly (GroupEvent | ReadsEvent)[]): Promise<Position> {
      const stream = events[0]?.type === 'ReadUpTo' ? readsStream(groupId) : groupStream(groupId);
      return store(stream, events.map(encode));
    },
    /** Appends an event that nobody can read. */
    poison: () =>
      store(groupStream(groupId), [{ eventId: 'poison', type: 'FromTheFuture', data: '{}', metadata: '{}' }]),
    order: (actorId: string, order: GroupOrder, commandId: string) =>
      commands.handleGroup(groupId, by(actorId, order, commandId)),
    hold() {
      gate ??= Promise.withResolvers();
    },
    release() {
      gate?.resolve();
      gate = undefined;
    },
    /** Resolves once the feed has brought everything. */
    async fed(): Promise<void> {
      await feed.reached(await log.endPosition(), 5_000);
    },
    async timeline(userId: string, after: Version | undefined): Promise<Deliveries<TimelineEntry>> {
      const { version: newest } = await commands.newestGroup(groupId);
      const viewer = viewerOf(userId);
      return begun(
        await createTimelineSource({ log, feed, policy, viewer, groupId, after, newest, now, backlog, turn }),
      );
    },
    async readCounts(userId: string): Promise<Deliveries<ReadCountsAnnouncement>> {
      return begun(await createReadCountsSource({ announcer, feed, policy, viewer: viewerOf(userId), groupId, now }));
    },
    inbox: (userId: string, options: Partial<Parameters<typeof createInboxSource>[0]> = {}) =>
      createInboxSource({
        ...{ feed, counts, policy, viewer: viewerOf(userId), now, turn },
        readModels: { inboxPage: async () => inboxRows },
        freshness: {
          atLeast: async (wanted) =>
            stage.behind ? { kind: 'behind', checkpoint: 0, wanted: wanted ?? 0 } : undefined,
        },
        ...options,
      }),
    async stop() {
      this.release();
      await feed.stop();
      await log.close();
    },
  });
}

export type Stage = ReturnType<typeof createStage>;

/** The deliveries that have begun, which must not be refused. */
export function begun<Item>(started: Deliveries<Item> | { readonly refused: unknown }): Deliveries<Item> {
  if ('refused' in started) throw new Error(`refused: ${JSON.stringify(started.refused)}`);
  return started;
}

let encodedSoFar = 0;
const encode = (event: GroupEvent | ReadsEvent): EncodedEvent => {
  encodedSoFar += 1;
  const at = new Date(Date.UTC(2026, 0, 1) + 1_000 * encodedSoFar).toISOString();
  return encodeEvent(event, { correlationId: 'c', causationId: 'c', actorId: 'ada', at }, `event-${encodedSoFar}`);
};

export type Told = Exclude<TimelineEntry, { kind: 'resync' }>;

/** The next so many items. Throws where they end before. */
export async function take<Item>(deliveries: Deliveries<Item>, count: number): Promise<Item[]> {
  const items: Item[] = [];
  while (items.length < count) {
    const result = await deliveries.next();
    if (result.done) throw new Error(`ended after ${items.length} of ${count}: ${JSON.stringify(result.value)}`);
    items.push(result.value);
  }
  return items;
}

/** Everything up to the end, and what the end was. */
export async function takeAll<Item>(deliveries: Deliveries<Item>) {
  const items: Item[] = [];
  for (;;) {
    const result = await deliveries.next();
    if (result.done) return { items, ending: result.value };
    items.push(result.value);
  }
}

/** The text that an entry shows, where it has one; its version else. */
export function textOf(entry: TimelineEntry): string | null | number {
  if (entry.kind === 'resync') return entry.version;
  const { event } = entry;
  return event.type === 'MessageSent' || event.type === 'MessageEdited' ? event.data.text : entry.version;
}

export type { InboxEntry };
