import type { Change } from './changes.ts';
import { noChanges, type ProjectedEvent } from './projected-event.ts';

/**
 * Who was mentioned where.
 *
 * - One row for each person mentioned by name, once however often they are named.
 * - One row for a message that mentions everybody, whatever the size of the group: whom it reaches follows from stays.
 * - Nobody is mentioned to themselves: an author's own name gives no row.
 * - An edit that mentions everybody does so from then on, unless the message has done so before: whoever was told once is
 *   told no more. Neither an edit nor a deletion takes a mention back.
 */
export function projectMentions({ event, metadata, groupId, position }: ProjectedEvent): readonly Change[] {
  if (event.type === 'MessageEdited' && event.data.mentionsAll === true) {
    // Only its author edits a message.
    return [{ type: 'putMentionOfAll', groupId, seq: event.data.seq, authorId: metadata.actorId, position }];
  }
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
