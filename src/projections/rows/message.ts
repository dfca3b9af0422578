import { laterOf } from '../../events/moments.ts';
import { hashSent, hashText } from '../../events/text-hash.ts';
import { ReadModelsCorrupt } from '../../ports/read-model-faults.ts';
import type { StoredMessage } from '../../ports/row-store.ts';
import type { ChangeOf } from '../changes.ts';

export type MessageChange = ChangeOf<'putMessage' | 'editMessage' | 'deleteMessage'>;

/** What a change makes of a message's row; the same row where it changes nothing. Throws ReadModelsCorrupt. */
export function foldMessage(message: StoredMessage | undefined, change: MessageChange): StoredMessage {
  // A message keeps its place, author and audience for ever: one that is there stays.
  if (change.type === 'putMessage') return message ?? sent(change);
  const { position } = change;
  // Events that speak of a message which never was are not projected.
  if (message === undefined) throw new ReadModelsCorrupt(`message ${change.seq} of group ${change.groupId} is missing`);
  // What is deleted stays so, since the first time.
  if (message.deletedAt !== null || position <= message.position) return message;
  const sentHash = message.sentHash ?? hashOf(message);
  // A log may hold moments of a clock that went back: a message is never changed before it was there.
  const since = message.editedAt ?? message.sentAt;
  return change.type === 'deleteMessage'
    ? { ...message, text: null, deletedAt: laterOf(change.deletedAt, since), sentHash, position }
    : { ...message, ...saidBy(change, message), editedAt: laterOf(change.editedAt, since), sentHash, position };
}

const saidBy = ({ text, mentionsAll }: ChangeOf<'editMessage'>, before: StoredMessage) => ({
  text,
  mentionsAll: mentionsAll ?? before.mentionsAll,
});

const hashOf = ({ text, replyTo, mentions }: StoredMessage): string =>
  hashSent({ textHash: hashText(text ?? ''), replyTo, mentions });

function sent(change: ChangeOf<'putMessage'>): StoredMessage {
  const { groupId, messageId, seq, authorId, text, sentAt, replyTo, mentions, mentionsAll, audienceCount } = change;
  const places = {
    groupId,
    messageId,
    seq,
    authorId,
    text,
    sentAt,
    editedAt: null,
    deletedAt: null,
    replyTo,
    sentHash: null,
  };
  return { ...places, mentions, mentionsAll, audienceCount, sentPosition: change.position, position: change.position };
}
