import { setTimeout as wait } from 'node:timers/promises';
import { type Access, type Answer, ask } from '../chat-load.ts';

/** What went wrong for one who reads and writes. */
export interface LoadProblem {
  /** `failed`: no answer, or one that says so; `wrong`: an answer that is not what it has to be. */
  readonly kind: 'failed' | 'wrong';
  readonly what: string;
  /** Of a failed one, where the answer has one. */
  readonly code: string | undefined;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** Written by a client and acknowledged. */
interface Sent {
  readonly groupId: string;
  readonly messageId: string;
  readonly text: string;
  readonly seq: number;
  readCount: number;
}

export interface LoadOptions {
  readonly access: Access;
  /** Each is a member of every one of the groups. */
  readonly userIds: readonly string[];
  readonly groupIds: readonly string[];
  /** Ids of messages that were there before, by group. */
  readonly history: ReadonlyMap<string, readonly string[]>;
  readonly random: () => number;
  /** Of a client, between two rounds of what it does. */
  readonly pauseMilliseconds: number;
}

export interface Load {
  /** Rounds that clients have ended. */
  rounds(): number;
  /** Whoever has looked at them may take them out. */
  readonly problems: LoadProblem[];
  /** By id, with the group. */
  readonly acknowledged: ReadonlyMap<string, string>;
  /** Each client ends with its round. */
  stop(): Promise<void>;
}

const send = 'mutation ($input: SendMessageInput!) { sendMessage(input: $input) { position message { seq } } }';
const mark = 'mutation ($input: MarkReadUpToInput!) { markReadUpTo(input: $input) { position refusals { code } } }';
const look = `query ($id: ID!, $groupId: ID!, $messageId: ID!, $atLeast: Position!) {
  inbox(first: 100, atLeast: $atLeast) { edges { node { group { groupId } } } }
  message(groupId: $groupId, messageId: $messageId, atLeast: $atLeast) { seq text readCount }
  group(groupId: $id, atLeast: $atLeast) { lastSeq timeline(last: 3) { edges { node { seq } } } }
}`;
const again = `query ($groupId: ID!, $messageId: ID!, $text: String!) {
  message(groupId: $groupId, messageId: $messageId) { seq text readCount }
  search(groupId: $groupId, text: $text, first: 5) { edges { node { messageId } } }
}`;
const inHistory =
  'query ($groupId: ID!, $messageId: ID!) { message(groupId: $groupId, messageId: $messageId) { seq text author { userId } } }';

const patienceMilliseconds = 30_000;
const rememberedMessages = 30;
const triesForMessage = 40;

interface SendAnswer {
  readonly sendMessage: { readonly position: string; readonly message: { readonly seq: number } };
}

interface Found {
  readonly seq: number;
  readonly text: string | null;
  readonly readCount: number;
}

/**
 * Many people who write, read what they have written, repeat what was acknowledged, and know what they have to be answered:
 * nothing acknowledged is missing, no inbox is without a group, no count falls, and nothing is sent twice.
 */
export function startLoad(options: LoadOptions): Load {
  const { access, userIds, groupIds, history, random, pauseMilliseconds } = options;
  const problems: LoadProblem[] = [];
  const acknowledged = new Map<string, string>();
  let rounds = 0;
  let stopping = false;

  const told = (kind: LoadProblem['kind'], what: string, code?: string): void =>
    void problems.push({ kind, what, code, at: Date.now() });
  const expectThat = (isSo: boolean, what: () => string): void => {
    if (!isSo) told('wrong', what());
  };
  const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)] as Item;

  /** Undefined where it was not answered, which is told but for an answer that is `expected`. */
  async function answered<Data>(
    userId: string,
    what: string,
    document: string,
    variables: object,
    expected?: string,
  ): Promise<Data | undefined> {
    const answer = await ask(access, userId, document, variables, patienceMilliseconds).catch(
      (error: unknown): Answer => ({ errors: [{ message: String(error) }] }),
    );
    const [error] = answer.errors ?? [];
    if (error === undefined) return answer.data as Data;
    const code = error.extensions?.code;
    if (expected === undefined || code !== expected) told('failed', `${userId}: ${what}: ${error.message}`, code);
    return undefined;
  }

  /** Until it is acknowledged, under the same id. */
  async function insist(
    userId: string,
    input: { readonly groupId: string; readonly messageId: string; readonly text: string },
  ) {
    for (let attempt = 0; attempt < triesForMessage; attempt += 1) {
      const data = await answered<SendAnswer>(userId, 'send', send, { input });
      if (data !== undefined) return { position: data.sendMessage.position, seq: data.sendMessage.message.seq };
      await wait(250);
    }
    throw new Error(`${userId} could not send in ${triesForMessage} attempts`);
  }

  /** Undefined where it could not be looked at: what nobody has seen may not be seen yet. */
  async function writeAndRead(userId: string, index: number): Promise<Sent | undefined> {
    const groupId = pick(groupIds);
    const messageId = `r5-${userId}-${index}`;
    const text = `r5word${userId.replaceAll(/\W/g, '')}x${index} and more`;
    const { position, seq } = await insist(userId, { groupId, messageId, text });
    acknowledged.set(messageId, groupId);
    const found = await answered<{
      inbox: { edges: readonly { readonly node: { readonly group: { readonly groupId: string } } }[] };
      message: Found | null;
      group: { lastSeq: number; timeline: { edges: readonly { node: { seq: number } }[] } } | null;
    }>(userId, 'look', look, { id: groupId, groupId, messageId, atLeast: position });
    if (found !== undefined) {
      const inbox = new Set(found.inbox.edges.map(({ node }) => node.group.groupId));
      expectThat(
        groupIds.every((id) => inbox.has(id)),
        () => `${userId}: ${inbox.size} of ${groupIds.length} groups in the inbox`,
      );
      expectThat(
        found.message?.seq === seq && found.message.text === text,
        () => `${messageId}: ${JSON.stringify(found.message)}`,
      );
      const seqs = found.group?.timeline.edges.map(({ node }) => node.seq) ?? [];
      expectThat(
        (found.group?.lastSeq ?? 0) >= seq && (seqs.at(-1) ?? 0) >= seq,
        () => `${groupId}: ends at ${seqs.at(-1)}, not ${seq}`,
      );
    }
    await answered(userId, 'mark', mark, { input: { marks: [{ groupId, upTo: seq }] } });
    return found && { groupId, messageId, text, seq, readCount: found.message?.readCount ?? 0 };
  }

  /** What was acknowledged some time ago is still there, is found by its words, and its count has not fallen. */
  async function lookAgain(userId: string, one: Sent): Promise<void> {
    const { groupId, messageId, text, seq } = one;
    const word = text.split(' ')[0] ?? '';
    const found = await answered<{
      message: Found | null;
      search: { edges: readonly { node: { messageId: string } }[] };
    }>(...([userId, 'look again', again, { groupId, messageId, text: word }] as const));
    if (found === undefined) return;
    const { message, search } = found;
    expectThat(message?.seq === seq && message.text === text, () => `${messageId}, again: ${JSON.stringify(message)}`);
    expectThat(
      (message?.readCount ?? -1) >= one.readCount,
      () => `${messageId}: read by ${message?.readCount}, before by ${one.readCount}`,
    );
    expectThat(
      search.edges.some(({ node }) => node.messageId === messageId),
      () => `${messageId} is not found by its words`,
    );
    one.readCount = Math.max(one.readCount, message?.readCount ?? 0);
  }

  /** As by a client whose answer was lost: it is answered as it was, and nothing is stored. */
  async function repeat(userId: string, { groupId, messageId, text, seq }: Sent): Promise<void> {
    const repeated = await insist(userId, { groupId, messageId, text });
    expectThat(repeated.seq === seq, () => `${messageId} was ${seq} and is ${repeated.seq} once repeated`);
  }

  /** A message of long before, which no memory holds: repeated by its author it is the same one. */
  async function repeatHistory(userId: string): Promise<void> {
    const groupId = pick(groupIds);
    const ids = history.get(groupId) ?? [];
    if (ids.length === 0) return;
    const messageId = pick(ids);
    const found = await answered<{ message: { seq: number; text: string | null; author: { userId: string } } | null }>(
      ...([userId, 'history', inHistory, { groupId, messageId }] as const),
    );
    const message = found?.message;
    if (found === undefined) return;
    expectThat(message != null, () => `${messageId} of the history is not there`);
    if (message == null) return;
    if (message.author.userId !== userId || message.text === null) return;
    const input = { groupId, messageId, text: message.text };
    // It may have mentioned people besides its text, and so is other content.
    const repeated = await answered<SendAnswer>(userId, 'repeat history', send, { input }, 'CONFLICT');
    if (repeated === undefined) return;
    const { seq } = repeated.sendMessage.message;
    expectThat(seq === message.seq, () => `${messageId} was ${message.seq} and is ${seq} once repeated`);
  }

  async function client(userId: string): Promise<void> {
    const sent: Sent[] = [];
    for (let index = 0; !stopping; index += 1) {
      const written = await writeAndRead(userId, index);
      if (written !== undefined) sent.push(written);
      if (sent.length > rememberedMessages) sent.splice(1 + Math.floor(random() * (sent.length - 1)), 1);
      if (sent.length > 0) await lookAgain(userId, pick(sent));
      if (sent.length > 0 && index % 3 === 0) await repeat(userId, pick(sent));
      if (index % 2 === 0) await repeatHistory(userId);
      rounds += 1;
      await wait(pauseMilliseconds * (0.5 + random()));
    }
  }

  const running = Promise.allSettled(userIds.map(client));
  return {
    rounds: () => rounds,
    problems,
    acknowledged,
    async stop() {
      stopping = true;
      for (const result of await running) if (result.status === 'rejected') told('failed', String(result.reason));
    },
  };
}
