import type { GroupEvent } from '../events/event.ts';
import { hashSent, hashText } from '../events/text-hash.ts';
import { requireMember } from './decide-membership.ts';
import type { CommandEnvelope } from './decider.ts';
import { activeMember, findMessage, type GroupState } from './group-state.ts';
import { limits } from './limits.ts';
import { mentionsEverybody } from './mention-of-all.ts';
import { hasReacted, type MessageState, sentHashOf } from './message-state.ts';
import { type Decision, type Refusal, refuse } from './refusal.ts';
import { refuseEmoji, refuseText } from './written-text.ts';

export type SendMessage = CommandEnvelope & {
  readonly type: 'SendMessage';
  readonly messageId: string;
  readonly text: string;
  readonly replyTo?: string | undefined;
  readonly mentions: readonly string[];
};
export type EditMessage = CommandEnvelope & {
  readonly type: 'EditMessage';
  readonly messageId: string;
  readonly text: string;
};
export type DeleteMessage = CommandEnvelope & { readonly type: 'DeleteMessage'; readonly messageId: string };
export type AddReaction = CommandEnvelope & {
  readonly type: 'AddReaction';
  readonly messageId: string;
  readonly emoji: string;
};
export type RemoveReaction = CommandEnvelope & {
  readonly type: 'RemoveReaction';
  readonly messageId: string;
  readonly emoji: string;
};

type Refused = { readonly refused: Refusal };

/**
 * A member may send. The same id with the same content again, by its author, is a repetition: no event, the same answer,
 * also to one who is no longer a member.
 */
export function sendMessage(command: SendMessage, state: GroupState): Decision<GroupEvent> {
  const mentions = [...new Set(command.mentions)];
  const replyTo = command.replyTo ?? null;
  const earlier = findMessage(state, command.messageId);
  if (earlier && isRepetition(command, replyTo, mentions, earlier)) return { repeated: { position: earlier.position } };
  const actor = requireMember(state, command.actorId);
  if ('refused' in actor) return actor;
  if (earlier) return refuse({ kind: 'message-id-taken' });
  const badText = refuseText(command.text);
  if (badText !== undefined) return badText;
  if (mentions.length > limits.mentionsPerMessage) {
    return refuse({ kind: 'bad-value', field: 'mentions', problem: `at most ${limits.mentionsPerMessage}` });
  }
  const stranger = mentions.find((userId) => activeMember(state, userId) === undefined);
  if (stranger !== undefined) return refuse({ kind: 'target-not-a-member', userId: stranger });
  if (replyTo !== null && !findMessage(state, replyTo)) {
    return refuse({ kind: 'bad-value', field: 'replyTo', problem: 'is no message of this group' });
  }
  return [
    {
      type: 'MessageSent',
      data: {
        messageId: command.messageId,
        seq: state.lastSeq + 1,
        authorId: command.actorId,
        text: command.text,
        replyTo,
        mentions,
        mentionsAll: mentionsEverybody(command.text),
        audienceCount: state.memberCount - 1,
      },
    },
  ];
}

/** By what the message said at first, whatever it says now. */
function isRepetition(
  { actorId, text }: SendMessage,
  replyTo: string | null,
  mentions: readonly string[],
  earlier: MessageState,
): boolean {
  return (
    earlier.authorId === actorId && sentHashOf(earlier) === hashSent({ textHash: hashText(text), replyTo, mentions })
  );
}

/** Only the author edits, and only what is not deleted. */
export function editMessage(command: EditMessage, state: GroupState): Decision<GroupEvent> {
  const found = requireMessage(command, state);
  if ('refused' in found) return found;
  if (found.authorId !== command.actorId) return refuse({ kind: 'forbidden', needs: 'the author' });
  if (found.isDeleted) return refuse({ kind: 'message-deleted' });
  const badText = refuseText(command.text);
  if (badText !== undefined) return badText;
  if (found.textHash === hashText(command.text)) return [];
  const { messageId, text } = command;
  return [{ type: 'MessageEdited', data: { messageId, seq: found.seq, text, mentionsAll: mentionsEverybody(text) } }];
}

/** The author, an owner or an admin deletes. Deleting again changes nothing. */
export function deleteMessage(command: DeleteMessage, state: GroupState): Decision<GroupEvent> {
  const found = requireMessage(command, state);
  if ('refused' in found) return found;
  const role = activeMember(state, command.actorId)?.role;
  if (found.authorId !== command.actorId && role !== 'owner' && role !== 'admin') {
    return refuse({ kind: 'forbidden', needs: 'the author, an owner or an admin' });
  }
  if (found.isDeleted) return [];
  return [{ type: 'MessageDeleted', data: { messageId: command.messageId, seq: found.seq } }];
}

/** Any member may react to what is not deleted, once with each emoji. */
export function addReaction(command: AddReaction, state: GroupState): Decision<GroupEvent> {
  const found = requireMessage(command, state);
  if ('refused' in found) return found;
  if (found.isDeleted) return refuse({ kind: 'message-deleted' });
  if (hasReacted(found, command.emoji, command.actorId)) return [];
  return refuseNewReaction(command, found) ?? [{ type: 'ReactionAdded', data: reactionData(command, found) }];
}

/** Taking back what is not there changes nothing. */
export function removeReaction(command: RemoveReaction, state: GroupState): Decision<GroupEvent> {
  const found = requireMessage(command, state);
  if ('refused' in found) return found;
  if (!hasReacted(found, command.emoji, command.actorId)) return [];
  return [{ type: 'ReactionRemoved', data: reactionData(command, found) }];
}

const reactionData = ({ messageId, actorId, emoji }: AddReaction | RemoveReaction, { seq }: MessageState) => ({
  messageId,
  seq,
  userId: actorId,
  emoji,
});

function requireMessage(
  command: CommandEnvelope & { readonly messageId: string },
  state: GroupState,
): MessageState | { readonly refused: Refusal } {
  const actor = requireMember(state, command.actorId);
  if ('refused' in actor) return actor;
  return findMessage(state, command.messageId) ?? refuse({ kind: 'message-not-found' });
}

function refuseNewReaction({ emoji }: AddReaction, { reactions }: MessageState): Refused | undefined {
  if (reactions.size >= limits.emojisPerMessage && !reactions.has(emoji)) {
    return refuse({ kind: 'bad-value', field: 'emoji', problem: `at most ${limits.emojisPerMessage} under a message` });
  }
  return refuseEmoji(emoji);
}
