import { openEventStoreLog } from '../../src/adapters/eventstoredb/event-log.ts';
import { openSqliteEventLogReader } from '../../src/adapters/sqlite/event-log.ts';
import { parseStreamName } from '../../src/events/stream-name.ts';
import { type EventLog, maximumAppendBytes, type RecordedEvent, startOfLog } from '../../src/ports/event-log.ts';
import { answer, contestantOptions } from '../child.ts';
import { requireServers } from '../servers.ts';

export interface CopyOptions {
  readonly logFile: string;
}

const eventsPerAppend = 500;
const eventsPerRead = 5_000;
const appendsUnderWay = 16;

/**
 * Copies a history from a file into the event store, in large appends. Streams come to stand in another order than in
 * the file, so a group's `group-…` stream is always ahead of its `reads-…` stream: no mark comes before its message.
 */
const { logFile } = contestantOptions<CopyOptions>();
const source = await openSqliteEventLogReader({ file: logFile });
// A server that is writing hundreds of megabytes may be slow to answer, and nothing is measured here.
const target = await openEventStoreLog({ url: requireServers().eventStoreUrl, deadlineMilliseconds: 60_000 });
const groups = new Map<string, Group>();
const underWay = new Set<Promise<void>>();
let copied = 0;
for (let after = startOfLog; ; ) {
  const events = await source.readAll(after, eventsPerRead);
  for (const event of events) await add(event);
  const last = events.at(-1);
  if (last === undefined) break;
  after = last.position;
}
for (const group of groups.values()) await flush(group, 'reads');
await Promise.all(underWay);
await source.close();
await target.close();
answer({ copied });

/** What of one stream waits to be appended. */
interface Buffered {
  readonly events: RecordedEvent[];
  bytes: number;
}

interface Group {
  readonly group: Buffered;
  readonly reads: Buffered;
  /** Its appends go one after the other. */
  tail: Promise<void>;
}

async function add(event: RecordedEvent): Promise<void> {
  const { family, groupId } = parseStreamName(event.streamName) ?? {};
  if (groupId === undefined || family === undefined || family === 'imports') {
    throw new Error(`${event.streamName} is no part of the history`);
  }
  const group = groups.get(groupId) ?? { group: createBuffer(), reads: createBuffer(), tail: Promise.resolve() };
  groups.set(groupId, group);
  const buffered = group[family];
  const bytes = bytesOf(event);
  if (buffered.events.length === eventsPerAppend || buffered.bytes + bytes > maximumAppendBytes) {
    await flush(group, family);
  }
  buffered.events.push(event);
  buffered.bytes += bytes;
}

function createBuffer(): Buffered {
  return { events: [], bytes: 0 };
}

function bytesOf({ eventId, type, data, metadata }: RecordedEvent): number {
  return [eventId, type, data, metadata].reduce((sum, text) => sum + Buffer.byteLength(text), 0);
}

/** Begins to append what has gathered of one stream; waits only while too many appends are under way. */
async function flush(group: Group, family: 'group' | 'reads'): Promise<void> {
  if (family === 'reads') await flush(group, 'group');
  const buffered = group[family];
  const events = buffered.events.splice(0);
  buffered.bytes = 0;
  if (events.length === 0) return;
  while (underWay.size >= appendsUnderWay) await Promise.race(underWay);
  group.tail = group.tail.then(() => append(target, events));
  const appending = group.tail.finally(() => underWay.delete(appending));
  underWay.add(appending);
}

async function append(log: EventLog, events: readonly RecordedEvent[]): Promise<void> {
  const [first] = events;
  if (first === undefined) return;
  const result = await log.append(first.streamName, first.version - 1, events);
  if (result.kind === 'conflict') throw new Error(`${first.streamName} is at version ${result.actualVersion} already`);
  copied += events.length;
}
