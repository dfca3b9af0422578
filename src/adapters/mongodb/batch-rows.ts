import { searchWords } from '../../ports/search-words.ts';
import type {
  CommandDocument,
  MarkDocument,
  MembershipKey,
  MembershipState,
  MentionDocument,
  MentionOfAllDocument,
  MessageKeyFields,
  MessageState,
  ReactionCountsKey,
  ReactionCountsState,
  ReactionKey,
  ReactionState,
} from './documents.ts';
import type { ChangeOf } from './fold-changes.ts';
import { createGroupCommits, type GroupCommits } from './group-commits.ts';
import { createVersionedRows, type VersionedRows } from './versioned-rows.ts';

/** Everything that a batch changes, until it is written. */
export interface BatchRows {
  readonly groups: GroupCommits;
  readonly memberships: VersionedRows<MembershipKey, MembershipState>;
  readonly messages: VersionedRows<MessageKeyFields, MessageState>;
  readonly reactions: VersionedRows<ReactionKey, ReactionState>;
  readonly reactionCounts: VersionedRows<ReactionCountsKey, ReactionCountsState>;
  readonly facts: Facts;
}

/** What is written as the log has it: only ever added, or replaced by what stands later in the log. */
export interface Facts {
  readonly marks: MarkDocument[];
  readonly mentions: MentionDocument[];
  readonly mentionsOfAll: MentionOfAllDocument[];
  readonly commands: CommandDocument[];
  /** What takes texts away, also what was applied before: once it is committed, they are erased. */
  readonly rewrites: ChangeOf<'editMessage' | 'deleteMessage'>[];
}

export function createBatchRows(): BatchRows {
  return {
    groups: createGroupCommits(),
    memberships: createVersionedRows({
      collection: 'memberships',
      keyOf: ({ groupId, userId }: MembershipKey) => ({ groupId, userId }),
      stateOf: ({ name, role, active, joinedAt, stays, markedUpTo, position }: MembershipState) => ({
        name,
        role,
        active,
        joinedAt,
        stays,
        markedUpTo,
        position,
      }),
    }),
    messages: createVersionedRows({
      collection: 'timeline',
      keyOf: messageKeyOf,
      stateOf: ({ text, editedAt, deletedAt, position }: MessageState) => ({ text, editedAt, deletedAt, position }),
      derive: (state, previous) => ({ words: wordsOf(state, previous) }),
    }),
    reactions: createVersionedRows({
      collection: 'reactions',
      keyOf: ({ groupId, seq, userId, emoji }: ReactionKey) => ({ groupId, seq, userId, emoji }),
      stateOf: ({ present, firstPosition, position }: ReactionState) => ({ present, firstPosition, position }),
    }),
    reactionCounts: createVersionedRows({
      collection: 'reactionCounts',
      keyOf: ({ groupId, seq }: ReactionCountsKey) => ({ groupId, seq }),
      stateOf: ({ counts, position }: ReactionCountsState) => ({ counts, position }),
    }),
    facts: { marks: [], mentions: [], mentionsOfAll: [], commands: [], rewrites: [] },
  };
}

export function messageKeyOf(message: MessageKeyFields): MessageKeyFields {
  const { groupId, messageId, seq, authorId, sentAt, replyTo, mentions, mentionsAll, audienceCount } = message;
  const { sentPosition } = message;
  const place = { groupId, messageId, seq, authorId, sentAt, replyTo };
  return { ...place, mentions, mentionsAll, audienceCount, sentPosition };
}

/** Those of the text before too: until the group is committed the message is found by them. */
const wordsOf = (state: MessageState, previous: MessageState | undefined): readonly string[] => [
  ...new Set([...searchWords(state.text ?? ''), ...searchWords(previous?.text ?? '')]),
];
