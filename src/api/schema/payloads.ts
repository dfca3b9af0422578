import type { GroupEvent } from '../../events/event.ts';
import type { Position } from '../../ports/event-log.ts';
import type { MessageRow } from '../../ports/rows.ts';
import { whileMember } from '../for-member.ts';
import { builder } from './builder.ts';
import { projectedGroup, projectedMessage } from './projected-rows.ts';
import { groupRef, messageRef } from './types.ts';

export const positionDescription = 'Where the log holds the change: what a query with `atLeast` waits for.';

export interface GroupPayload {
  readonly groupId: string;
  readonly position: Position;
  /** What the answer shows is no older than this: of a repetition it is what has become of it. */
  readonly shownFrom: Position;
}

export interface MessagePayload extends GroupPayload {
  readonly messageId: string;
  /** As the event itself says it, where the mutation sent the message. */
  readonly message: MessageRow | undefined;
}

export const groupPayload = builder.objectRef<GroupPayload>('GroupPayload').implement({
  description: 'A group after a change.',
  fields: (t) => ({
    position: t.expose('position', { type: 'Position', description: positionDescription }),
    group: t.field({
      type: groupRef,
      nullable: true,
      description: 'The group with the change in it; null to one who is not a member now.',
      resolve: ({ groupId, shownFrom }, _, context) =>
        whileMember(context, groupId, () => projectedGroup(context, groupId, shownFrom)),
    }),
  }),
});

export const messagePayload = builder.objectRef<MessagePayload>('MessagePayload').implement({
  description: 'A message after a change.',
  fields: (t) => ({
    position: t.expose('position', { type: 'Position', description: positionDescription }),
    message: t.field({
      type: messageRef,
      nullable: true,
      description: 'The message as it is now; null to one who is not a member now.',
      resolve: ({ groupId, messageId, message, shownFrom }, _, context) =>
        whileMember(context, groupId, async () => message ?? projectedMessage(context, groupId, messageId, shownFrom)),
    }),
  }),
});

/** A message that was sent a moment ago, as its event says it: no read model is waited for. */
export function sentMessage(
  groupId: string,
  data: Extract<GroupEvent, { type: 'MessageSent' }>['data'],
  at: string,
  sentPosition: Position,
): MessageRow {
  return { ...data, groupId, sentAt: at, editedAt: null, deletedAt: null, sentHash: null, sentPosition };
}
