import { createHash } from 'node:crypto';
import { parseStreamName, type StreamName } from '../../src/events/stream-name.ts';
import { isId } from '../../src/events/values.ts';
import { type EventLog, type LogBatch, type RecordedEvent, startOfLog } from '../../src/ports/event-log.ts';

/**
 * A log of one's own within a log that others share: its groups' ids begin with `scope` in the store, and everything
 * else in the store is not there. So tests that name their groups as they like run on a server that holds earlier runs.
 */
export function scopedLog(log: EventLog, scope: string): EventLog {
  /** By the ids that stand for them in the store, where with the scope they would be too long to be ids. */
  const longIds = new Map<string, string>();

  function idInStore(groupId: string): string {
    const scoped = `${scope}-${groupId}`;
    if (isId(scoped)) return scoped;
    const short = `${scope}-${createHash('sha256').update(groupId).digest('hex')}`;
    longIds.set(short, groupId);
    return short;
  }

  const inStore = (streamName: string): string => {
    const stream = parseStreamName(streamName);
    return stream === undefined ? streamName : `${stream.family}-${idInStore(stream.groupId)}`;
  };

  function ours(recorded: RecordedEvent): readonly RecordedEvent[] {
    const stream = parseStreamName(recorded.streamName);
    if (stream === undefined || !stream.groupId.startsWith(`${scope}-`)) return [];
    const groupId = longIds.get(stream.groupId) ?? stream.groupId.slice(scope.length + 1);
    const streamName: StreamName = `${stream.family}-${groupId}`;
    return [{ ...recorded, streamName }];
  }

  /** Pages of the store until `limit` events of ours are found or the store ends. */
  async function collect(
    limit: number,
    read: (previous: RecordedEvent | undefined) => Promise<readonly RecordedEvent[]>,
  ): Promise<readonly RecordedEvent[]> {
    const found: RecordedEvent[] = [];
    for (let previous: RecordedEvent | undefined; found.length < limit; ) {
      const page = await read(previous);
      previous = page.at(-1);
      if (previous === undefined) break;
      found.push(...page.flatMap(ours));
    }
    return found.slice(0, limit);
  }

  const pageSize = 1_000;
  const readAllBackwards: EventLog['readAllBackwards'] = (before, limit) =>
    collect(limit, (previous) => log.readAllBackwards(previous?.position ?? before, pageSize));

  async function* follow(batches: AsyncIterable<LogBatch>): AsyncGenerator<LogBatch, void> {
    for await (const { events, caughtUp } of batches) {
      const own = events.flatMap(ours);
      if (own.length > 0 || caughtUp) yield { events: own, caughtUp };
    }
  }

  return {
    append: (streamName, expectedVersion, events) => log.append(inStore(streamName), expectedVersion, events),
    appendsRefused: log.appendsRefused,
    readStream: async (streamName, from, limit) =>
      (await log.readStream(inStore(streamName), from, limit)).flatMap(ours),
    readStreamBackwards: async (streamName, from, limit) =>
      (await log.readStreamBackwards(inStore(streamName), from, limit)).flatMap(ours),
    readAll: (after, limit) => collect(limit, (previous) => log.readAll(previous?.position ?? after, pageSize)),
    readAllBackwards,
    endPosition: async () => (await readAllBackwards(undefined, 1))[0]?.position ?? startOfLog,
    subscribe: (after, signal) => follow(log.subscribe(after, signal)),
    close: () => log.close(),
  };
}
