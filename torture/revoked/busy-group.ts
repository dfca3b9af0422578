import { setTimeout as wait } from 'node:timers/promises';
import { ask } from '../chat-load.ts';
import type { TwoProcesses } from './two-processes.ts';

export const watched: Readonly<Record<string, string>> = {
  timeline:
    'subscription ($groupId: ID!) { timeline(groupId: $groupId) { __typename ... on MessageAdded { version message { text readCount group { name lastSeq } } } ... on ReactionsChanged { version } } }',
  readCounts: 'subscription ($groupId: ID!) { readCounts(groupId: $groupId) { asOf ranges { toSeq readCount } } }',
  inbox: 'subscription { inbox { groupId lastSeq unreadCount left group { name } } }',
};

/** Every word of the group's texts and names. */
export const marker = 'zqrevoked';

export interface BusyGroup {
  readonly groupId: string;
  /** Resolves once the order is acknowledged by the first process, with when that was. */
  remove(userId: string): Promise<number>;
  stop(): Promise<void>;
}

const patienceMilliseconds = 20_000;

/** A group of `owner`'s in which messages, reactions and marks go on at the first process until it is stopped. */
export async function startBusyGroup(
  { urls, tokens }: TwoProcesses,
  groupId: string,
  userIds: readonly string[],
  messagesPerSecond: number,
): Promise<BusyGroup> {
  const access = { url: urls[0], token: (userId: string) => tokens.issue({ userId }, 3_600) };
  const order = async (
    userId: string,
    mutation: string,
    type: string,
    input: object,
  ): Promise<{ position: string }> => {
    const query = `mutation ($input: ${type}!) { ${mutation}(input: $input) { position } }`;
    const { data, errors } = await ask(access, userId, query, { input }, patienceMilliseconds);
    if (errors !== undefined) throw new Error(`${mutation}: ${JSON.stringify(errors)}`);
    return data?.[mutation] as { position: string };
  };
  const members = [...userIds, 'reader'].map((userId) => ({ userId, name: `${marker} ${userId}` }));
  const created = await order('owner', 'createGroup', 'CreateGroupInput', {
    groupId,
    name: `${marker} group`,
    members,
  });
  await order('owner', 'sendMessage', 'SendMessageInput', { groupId, messageId: 'first', text: `${marker} @all` });
  // Whoever watches at the second process begins on what it knows.
  const query = 'query ($id: ID!, $atLeast: Position) { group(groupId: $id, atLeast: $atLeast) { id } }';
  const known = await ask(
    { ...access, url: urls[1] },
    'owner',
    query,
    { id: groupId, atLeast: created.position },
    patienceMilliseconds,
  );
  if (known.errors !== undefined) throw new Error(JSON.stringify(known.errors));
  let stopping = false;

  async function talk(): Promise<void> {
    for (let index = 1; !stopping; index += 1) {
      const messageId = `m${index}`;
      await order('owner', 'sendMessage', 'SendMessageInput', { groupId, messageId, text: `${marker} @all ${index}` });
      await order('reader', 'markReadUpTo', 'MarkReadUpToInput', { marks: [{ groupId, upTo: index }] });
      await order('reader', 'addReaction', 'ReactionInput', { groupId, messageId, emoji: '👍' });
      await wait(1_000 / messagesPerSecond);
    }
  }

  const talking = talk();
  return {
    groupId,
    async remove(userId) {
      await order('owner', 'removeMember', 'RemoveMemberInput', { groupId, userId });
      return performance.now();
    },
    async stop() {
      stopping = true;
      await talking;
    },
  };
}
