import type { Change } from './changes.ts';
import { noChanges, type ProjectedEvent } from './projected-event.ts';

/**
 * How far each member has read.
 *
 * - A reader marks with ReadUpTo; sending a message moves its author's own mark to it.
 * - Nothing is read before it was sent, whatever the clocks said that a log was written by.
 * - Whether a mark counts is decided where it is applied: only for a member at that position, and only forwards.
 */
export function projectMarks({ event, readAt: at, groupId, position }: ProjectedEvent): readonly Change[] {
  if (event.type === 'ReadUpTo') {
    const { userId, upTo } = event.data;
    return [{ type: 'advanceMark', groupId, userId, upTo, at, position }];
  }
  if (event.type === 'MessageSent') {
    const { authorId, seq } = event.data;
    return [{ type: 'advanceMark', groupId, userId: authorId, upTo: seq, at, position }];
  }
  return noChanges;
}
