import type { Change } from './changes.ts';
import { noChanges, type ProjectedEvent } from './projected-event.ts';

/**
 * Who was mentioned where.
 *
 * - One row for each person mentioned by name, once however often they are named.
 * - One row for a message that mentions everybody, whatever the size of the group: whom it reaches follows from stays.
 * - Nobody is mentioned to themselves: an author's own name gives no row.
 * - An edit mentions nobody anew, a deletion takes no mention back.
 */
export function projectMentions({ event, groupId, position }: ProjectedEvent): readonly Change[] {
  if (event.type !== 'MessageSent') return noChanges;
  const { seq, authorId, mentions, mentionsAll } = event.data;
  if (mentions.length === 0 && !mentionsAll) return noChanges;
  const others = new Set(mentions);
  others.delete(authorId);
  const changes: Change[] = [];
  for (const userId of others) changes.push({ type: 'putMention', groupId, seq, userId, position });
  if (mentionsAll) changes.push({ type: 'putMentionOfAll', groupId, seq, authorId, position });
  return changes;
}
