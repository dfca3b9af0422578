import { encodeEvent } from '../../src/events/codec.ts';
import { deriveId } from '../../src/events/event-id.ts';
import type { Entry } from '../contract/spoiled-histories.ts';
import { metadata } from '../projections/recorded-events.ts';
import { createInMemoryEventLog, type InMemoryEventLog } from './in-memory-event-log.ts';

/** A log in which these happened, in order. Subscriptions give so many at a time. */
export async function logOf(entries: readonly Entry[], batchSize: number): Promise<InMemoryEventLog> {
  const log = createInMemoryEventLog({ batchSize });
  const versions = new Map<string, number>();
  for (const { streamName, event } of entries) {
    const version = versions.get(streamName) ?? -1;
    versions.set(streamName, version + 1);
    await log.append(streamName, version, [encodeEvent(event, metadata, deriveId(streamName, String(version)))]);
  }
  return log;
}
