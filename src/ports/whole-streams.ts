import { parseStreamName } from '../events/stream-name.ts';
import { requireNextVersion } from '../events/stream-order.ts';
import { type EventLog, type RecordedEvent, StreamDeleted, type Version } from './event-log.ts';
import { type HaltedGroups, haltReason } from './halted-groups.ts';

/**
 * The log, of which streams of ours are read whole or not at all. A store may have let go of a stream's beginning, of
 * something in between or of all of it: a state that is folded from what is left would be another group's, and what was
 * deleted for good does not come back by trying again. So whoever meets that halts the group, and calls reject with
 * GroupHalted.
 *
 * A stream that lies whole behind the version that is asked for is not looked at: rows that hold its beginning go on.
 */
export function readWholeStreams(log: EventLog, halted: Pick<HaltedGroups, 'halt'>): EventLog {
  async function unlessDeleted<Answer>(streamName: string, call: () => Promise<Answer>): Promise<Answer> {
    try {
      return await call();
    } catch (error) {
      const groupId = parseStreamName(streamName)?.groupId;
      if (!(error instanceof StreamDeleted) || groupId === undefined) throw error;
      // Somewhere before the log's end: rows that hold everything up to there know who was in the group.
      const position = await log.endPosition();
      throw halted.halt({ groupId, position, reason: error.message });
    }
  }

  function requireWhole(recorded: RecordedEvent, expected: Version): void {
    try {
      requireNextVersion(recorded, expected);
    } catch (error) {
      const groupId = parseStreamName(recorded.streamName)?.groupId;
      if (groupId === undefined) return;
      throw halted.halt({ groupId, position: recorded.position, reason: haltReason(recorded, error) });
    }
  }

  return {
    ...log,
    append: (streamName, ...rest) => unlessDeleted(streamName, () => log.append(streamName, ...rest)),
    async readStream(streamName, from, limit) {
      const page = await unlessDeleted(streamName, () => log.readStream(streamName, from, limit));
      for (const [index, recorded] of page.entries()) requireWhole(recorded, from + index);
      return page;
    },
    readStreamBackwards: (streamName, ...rest) =>
      unlessDeleted(streamName, () => log.readStreamBackwards(streamName, ...rest)),
  };
}
