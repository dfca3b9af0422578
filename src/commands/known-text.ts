import { hashText } from '../events/text-hash.ts';
import { type GroupState, messageEntry } from './group-state.ts';

/**
 * What a group's state knows of a text that stood in one of its messages: that the message still says it, that it was
 * deleted or replaced, or nothing: where no event has touched the message of late (then its row in the read models is
 * exact), and where it has changed while the state did not hold it.
 */
export type KnownText = 'stands' | 'deleted' | 'replaced' | 'untouched' | 'changed';

export function knownText(state: GroupState, messageId: string, text: string | null): KnownText {
  const message = messageEntry(state, messageId);
  if (message === undefined) return 'untouched';
  if ('isForgotten' in message) return 'changed';
  if (message.isDeleted) return 'deleted';
  return text !== null && message.textHash === hashText(text) ? 'stands' : 'replaced';
}
