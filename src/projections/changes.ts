import type { Role } from '../events/values.ts';
import type { Position, Version } from '../ports/event-log.ts';

export type ChangeOf<Type extends Change['type']> = Extract<Change, { readonly type: Type }>;

/**
 * What projections say of an event, as data; what it makes of a row is said in rows/. Each change is idempotent: by `position`
 * (a row remembers the newest position that changed it and ignores older ones) or by maximum. So a batch that was half
 * applied may be applied again.
 */
export type Change =
  | {
      readonly type: 'putGroup';
      readonly groupId: string;
      readonly name: string;
      readonly createdAt: string;
      readonly creationHash: string;
      readonly position: Position;
    }
  | { readonly type: 'renameGroup'; readonly groupId: string; readonly name: string; readonly position: Position }
  /**
   * The projected ends of a group's two streams and what follows from them; each given field by maximum. With `lastSeq`,
   * `position` is when the message was sent, and the inbox orders the group by it.
   */
  | {
      readonly type: 'advanceGroup';
      readonly groupId: string;
      readonly version?: Version;
      readonly readsVersion?: Version;
      readonly lastSeq?: number;
      readonly lastMessageAt?: string;
      /** When it happened. */
      readonly at?: string;
      readonly position: Position;
    }
  /** Opens a stay after `afterSeq`, for one who is not a member at that position. */
  | {
      readonly type: 'putMember';
      readonly groupId: string;
      readonly userId: string;
      readonly name: string;
      readonly role: Role;
      readonly afterSeq: number;
      readonly at: string;
      readonly position: Position;
    }
  /** Closes the open stay at `afterSeq`. */
  | {
      readonly type: 'endMembership';
      readonly groupId: string;
      readonly userId: string;
      readonly afterSeq: number;
      readonly position: Position;
    }
  | {
      readonly type: 'setMemberCount';
      readonly groupId: string;
      readonly memberCount: number;
      readonly position: Position;
    }
  | {
      readonly type: 'setRole';
      readonly groupId: string;
      readonly userId: string;
      readonly role: Role;
      readonly position: Position;
    }
  | {
      readonly type: 'setMemberName';
      readonly groupId: string;
      readonly userId: string;
      readonly name: string;
      readonly position: Position;
    }
  | {
      readonly type: 'putMessage';
      readonly groupId: string;
      readonly messageId: string;
      readonly seq: number;
      readonly authorId: string;
      readonly text: string;
      readonly sentAt: string;
      readonly replyTo: string | null;
      readonly mentions: readonly string[];
      readonly mentionsAll: boolean;
      readonly audienceCount: number;
      readonly position: Position;
    }
  | {
      readonly type: 'editMessage';
      readonly groupId: string;
      readonly seq: number;
      readonly text: string;
      /** Null where that stays as it was. */
      readonly mentionsAll: boolean | null;
      readonly editedAt: string;
      readonly position: Position;
    }
  | {
      readonly type: 'deleteMessage';
      readonly groupId: string;
      readonly seq: number;
      readonly deletedAt: string;
      readonly position: Position;
    }
  | {
      readonly type: 'putReaction' | 'removeReaction';
      readonly groupId: string;
      readonly seq: number;
      readonly emoji: string;
      readonly userId: string;
      readonly position: Position;
    }
  /** A mention of one person. Nothing is written per member for a mention of all. */
  | {
      readonly type: 'putMention';
      readonly groupId: string;
      readonly seq: number;
      readonly userId: string;
      readonly position: Position;
    }
  /** A mention of everybody who is in the message's audience: one row a message. */
  | {
      readonly type: 'putMentionOfAll';
      readonly groupId: string;
      readonly seq: number;
      /** Who is not told. */
      readonly authorId: string;
      readonly position: Position;
    }
  /** A command has come so far: by position, as its events are. Only of commands whose clients chose an id. */
  | {
      readonly type: 'putCommand';
      readonly groupId: string;
      readonly actorId: string;
      readonly commandId: string;
      readonly digest: string;
      readonly addedUpTo: string | null;
      readonly position: Position;
    }
  /**
   * Moves a member's mark to `upTo` and remembers when. It counts only for one who is a member at `position`, and only
   * forwards; otherwise it changes nothing. A mark at or before the newest change of its member's row was settled when
   * that change was applied, so a batch that is applied again cannot revive a mark that counted nothing.
   */
  | {
      readonly type: 'advanceMark';
      readonly groupId: string;
      readonly userId: string;
      readonly upTo: number;
      readonly at: string;
      readonly position: Position;
    }
  /**
   * Nothing of the group is projected from `position` on: its event there cannot be read. What comes before is in the rows.
   * A halt at a later position stands in the place of an earlier one.
   */
  | { readonly type: 'haltGroup'; readonly groupId: string; readonly position: Position; readonly reason: string }
  /** Takes a halt at or before `position` back: with these changes everything of the group up to there is in the rows. */
  | { readonly type: 'resumeGroup'; readonly groupId: string; readonly position: Position };
