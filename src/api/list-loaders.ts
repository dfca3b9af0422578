import DataLoader from 'dataloader';
import type { MessagePages, PeoplePages } from '../ports/pages.ts';
import type { MessageKey, MessageRow, ReactionKey, ReactionRow, UnreadGroup } from '../ports/rows.ts';

/** So many mentions are counted of one group; a number that says so many may be more. */
export const maximumMentions = 1_000;

/** Reads that a page asks for many times, each of which is one call of the stores for all of them. */
export interface ListLoaders {
  messageBySeq(groupId: string, seq: number): Promise<MessageRow | undefined>;
  /** How many messages after one mention the viewer, up to `maximumMentions`. */
  mentionsAfter(groupId: string, seq: number): Promise<number>;
  /** The viewer's. */
  unreadGroups(): Promise<readonly UnreadGroup[]>;
  /** Who stands behind a reaction, by user id, at most `limit` of them. */
  reactionMembers(
    reaction: ReactionKey,
    afterUserId: string | undefined,
    limit: number,
  ): Promise<readonly ReactionRow[]>;
  /** Whether the viewer stands behind it. */
  hasReacted(reaction: ReactionKey): Promise<boolean>;
}

interface Readers {
  readonly people: Pick<PeoplePages, 'mentionCounts' | 'unreadGroups' | 'reactionMembers' | 'ownReactions'>;
  readonly messages: Pick<MessagePages, 'messagesBySeq'>;
  /** Throws UNAUTHENTICATED. */
  readonly viewerId: () => string;
}

type MembersWanted = ReactionKey & { readonly afterUserId: string | undefined; readonly limit: number };

// Ids hold no white space; an emoji may hold anything and comes last.
const keyOfMessage = ({ groupId, seq }: MessageKey): string => `${groupId} ${seq}`;
const keyOfReaction = ({ groupId, seq, emoji }: ReactionKey): string => `${groupId} ${seq} ${emoji}`;

/** Nothing is cached beyond one batch: a subscription's loaders live as long as its socket, and rows change. */
export function createListLoaders({ people, messages, viewerId }: Readers): ListLoaders {
  const bySeq = batched<MessageKey, MessageRow | undefined>(async (keys) => {
    const rows = await messages.messagesBySeq(keys);
    const found = new Map(rows.map((row) => [keyOfMessage(row), row]));
    return keys.map((key) => found.get(keyOfMessage(key)));
  });
  const mentions = batched<MessageKey, number>(async (keys) => {
    const counts = await people.mentionCounts(viewerId(), keys, maximumMentions);
    const found = new Map(counts.map(({ groupId, count }) => [groupId, count]));
    return keys.map(({ groupId }) => found.get(groupId) ?? 0);
  });
  const unread = batched<'viewer', readonly UnreadGroup[]>(async (keys) => {
    const groups = await people.unreadGroups(viewerId());
    return keys.map(() => groups);
  });
  const members = batched<MembersWanted, readonly ReactionRow[]>(async (keys) => {
    // Two pages of one reaction are two questions.
    const apart = Map.groupBy(keys, ({ afterUserId = '' }) => afterUserId);
    const pages = new Map<string, Map<string, ReactionRow[]>>();
    for (const [afterUserId, same] of apart) {
      const rows = await people.reactionMembers(same, Math.max(...same.map(({ limit }) => limit)));
      pages.set(afterUserId, Map.groupBy(rows, keyOfReaction));
    }
    return keys.map(
      (key) =>
        pages
          .get(key.afterUserId ?? '')
          ?.get(keyOfReaction(key))
          ?.slice(0, key.limit) ?? [],
    );
  });
  const own = batched<ReactionKey, boolean>(async (keys) => {
    const standing = new Set((await people.ownReactions(viewerId(), keys)).map(keyOfReaction));
    return keys.map((key) => standing.has(keyOfReaction(key)));
  });
  return {
    messageBySeq: (groupId, seq) => bySeq.load({ groupId, seq }),
    mentionsAfter: (groupId, seq) => mentions.load({ groupId, seq }),
    unreadGroups: () => unread.load('viewer'),
    reactionMembers: ({ groupId, seq, emoji }, afterUserId, limit) =>
      members.load({ groupId, seq, emoji, afterUserId, limit }),
    hasReacted: ({ groupId, seq, emoji }) => own.load({ groupId, seq, emoji }),
  };
}

const batched = <Key, Answer>(read: (keys: readonly Key[]) => Promise<readonly Answer[]>): DataLoader<Key, Answer> =>
  new DataLoader<Key, Answer>(read, { cache: false });
