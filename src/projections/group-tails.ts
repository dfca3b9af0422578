import { groupStream, readsStream, type StreamName } from '../events/stream-name.ts';
import type { EventLog, Position, RecordedEvent, Version } from '../ports/event-log.ts';

/** How far a group's two streams are known. */
export interface StreamVersions {
  group: Version;
  reads: Version;
}

const pageSize = 1_000;

/** What a group's two streams hold after these versions, up to and with a position, in the log's order. */
export async function readTails(
  log: Pick<EventLog, 'readStream'>,
  groupId: string,
  after: StreamVersions,
  upTo: Position,
): Promise<readonly RecordedEvent[]> {
  async function readTail(streamName: StreamName, version: Version): Promise<readonly RecordedEvent[]> {
    const tail: RecordedEvent[] = [];
    for (;;) {
      const page = await log.readStream(streamName, version + 1 + tail.length, pageSize);
      const wanted = page.filter(({ position }) => position <= upTo);
      tail.push(...wanted);
      if (wanted.length < pageSize) return tail;
    }
  }

  const tails = await Promise.all([
    readTail(groupStream(groupId), after.group),
    readTail(readsStream(groupId), after.reads),
  ]);
  return tails.flat().sort((a, b) => a.position - b.position);
}
