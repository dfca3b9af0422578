import type { RecordedEvent } from '../../../src/ports/event-log.ts';

/** An event of a log whose positions are what the test says. */
export const recordedAt = (position: number, data = '{}'): RecordedEvent => ({
  eventId: `id-${position}`,
  type: 'ReadUpTo',
  data,
  metadata: '{}',
  streamName: 'group-a',
  version: position,
  position,
  recordedAt: 0,
});
