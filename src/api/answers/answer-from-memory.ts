import type { GroupState } from '../../commands/group-state.ts';
import { findMessage } from '../../commands/group-state.ts';
import type { Reactions } from '../../commands/message-state.ts';
import type { Position, Version } from '../../ports/event-log.ts';
import { type MomentQueries, momentQueries } from '../../ports/read-moment.ts';
import type { GroupRow, ReactionCount } from '../../ports/rows.ts';
import { type Answer, type AnswerOptions, earliest, RowsNeeded } from './answer.ts';

interface LiveGroup {
  readonly state: GroupState;
  readonly version: Version;
  /** Everything that is told of the group is as of this. */
  readonly position: Position;
}

const patienceMilliseconds = 5_000;

/**
 * An answer on what this process has in memory, which waits for no read model: the state of a group as it is when it is
 * first asked for, and the live counts as of then. Where anything is asked for that is in rows only, all of it is to be
 * answered on rows.
 */
export function answerFromMemory({ request, from = earliest }: AnswerOptions): Answer {
  const { services } = request;
  let wanted = from;
  let needsRows = false;
  let groups = new Map<string, Promise<LiveGroup>>();

  function needRows(): never {
    needsRows = true;
    throw new RowsNeeded('this is in rows only');
  }

  async function load(groupId: string): Promise<LiveGroup> {
    const { state, version, position } = await services.commands.group(groupId);
    if (!state.exists) return needRows();
    return { state, version, position: Math.max(position, wanted, services.feed.position()) };
  }

  function groupOf(groupId: string): Promise<LiveGroup> {
    let group = groups.get(groupId);
    if (group === undefined) {
      group = load(groupId);
      groups.set(groupId, group);
    }
    return group;
  }

  async function reach(position: Position): Promise<void> {
    if (position <= wanted) return;
    wanted = position;
    groups = new Map();
  }

  function rowOf(groupId: string, { state, version }: LiveGroup): GroupRow {
    const { name, memberCount, lastSeq } = state;
    return {
      ...{ groupId, name, memberCount, lastSeq, version, readsVersion: earliest },
      get createdAt() {
        return needRows();
      },
      get lastMessageAt() {
        return needRows();
      },
      get lastAt() {
        return needRows();
      },
      get creationHash() {
        return needRows();
      },
    };
  }

  const none = momentQueries.map((name) => [name, async () => needRows()]);
  const pages: MomentQueries = Object.fromEntries(none);
  return {
    context: {
      ...request,
      services: {
        ...services,
        readModels: { ...services.readModels, ...pages },
        messages: pages,
        counts: {
          ...services.counts,
          async of(groupId) {
            const { position } = await groupOf(groupId);
            await services.feed.reached(position, patienceMilliseconds);
            return (await services.counts.at(groupId, position)) ?? needRows();
          },
        },
        freshness: {
          ...services.freshness,
          async atLeast(position) {
            await reach(position ?? earliest);
            return undefined;
          },
        },
      },
      reach,
      loaders: {
        group: async (groupId) => rowOf(groupId, await groupOf(groupId)),
        async member(groupId, userId) {
          const member = (await groupOf(groupId)).state.members.get(userId);
          return member && { groupId, userId, name: member.name, role: member.role, active: member.active };
        },
        message: async () => needRows(),
        messageBySeq: async () => needRows(),
        mentionsAfter: async () => needRows(),
        unreadGroups: async () => needRows(),
        reactionMembers: async () => needRows(),
        hasReacted: async () => needRows(),
        async reactionCounts(groupId, seq, messageId) {
          const message = messageId === undefined ? undefined : findMessage((await groupOf(groupId)).state, messageId);
          return reactionsOf(groupId, seq, message?.reactions) ?? needRows();
        },
      },
    },
    again: () => (needsRows ? 'on rows' : undefined),
    close: async () => undefined,
  };
}

/** Undefined where it is not known who reacted, or in what order: the state keeps none. */
function reactionsOf(
  groupId: string,
  seq: number,
  reactions: Reactions | undefined,
): readonly ReactionCount[] | undefined {
  if (reactions === undefined || reactions.size > 1) return undefined;
  return [...reactions].map(([emoji, people]) => ({ groupId, seq, emoji, count: people.size }));
}
