import { decodeEvent } from '../src/events/codec.ts';
import { groupStream } from '../src/events/stream-name.ts';
import type { EventLog } from '../src/ports/event-log.ts';
import type { Senders } from './chat-load.ts';

/** What is not so of a group's messages in the log: each that was meant is there once, without a gap, and none that was acknowledged is lost. */
export async function compareSent(
  log: Pick<EventLog, 'readStream'>,
  groupId: string,
  senders: Pick<Senders, 'acknowledged' | 'meant'>,
): Promise<string[]> {
  const problems: string[] = [];
  const recorded = await log.readStream(groupStream(groupId), 0, Number.MAX_SAFE_INTEGER);
  const sent = recorded.flatMap((one) => {
    const { event } = decodeEvent(one);
    return event.type === 'MessageSent' ? [event.data] : [];
  });
  const ids = new Set(sent.map(({ messageId }) => messageId));
  if (ids.size !== sent.length) problems.push(`${sent.length - ids.size} messages are there twice`);
  const lost = [...senders.acknowledged].filter((id) => !ids.has(id));
  if (lost.length > 0) problems.push(`${lost.length} acknowledged messages are lost`);
  if (sent.length !== senders.meant()) problems.push(`${sent.length} messages, where ${senders.meant()} were meant`);
  if (sent.some(({ seq }, index) => seq !== index + 1)) problems.push('seq has a gap');
  return problems;
}
