import { setTimeout as wait } from 'node:timers/promises';
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';

/** Where and as whom a client of the load asks. */
export interface Access {
  readonly url: string;
  token(userId: string): Promise<string>;
}

export interface Answer {
  readonly data?: Record<string, unknown> | null;
  readonly errors?: readonly { readonly message: string; readonly extensions?: { readonly code?: string } }[];
}

/** One request over HTTP. Rejects when nothing comes back within `patienceMilliseconds`. */
export async function ask(
  { url, token }: Access,
  userId: string,
  query: string,
  variables: object,
  patienceMilliseconds: number,
): Promise<Answer> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${await token(userId)}` },
    body: JSON.stringify({ query, variables }),
    signal: AbortSignal.timeout(patienceMilliseconds),
  });
  return (await response.json()) as Answer;
}

const sendMessage = 'mutation ($input: SendMessageInput!) { sendMessage(input: $input) { position message { seq } } }';
const markReadUpTo = 'mutation ($input: MarkReadUpToInput!) { markReadUpTo(input: $input) { position } }';
const pauseMilliseconds = 100;

export interface SendersOptions {
  readonly access: Access;
  readonly groupId: string;
  readonly userIds: readonly string[];
  /** No answer may take longer than this. */
  readonly patienceMilliseconds: number;
  /** True takes a cure out: each attempt is made under an id of its own, as by a client that does not know of retries. */
  readonly freshIds: boolean;
  readonly onHung: (what: string) => void;
}

export interface Senders {
  /** Messages that somebody meant to send, acknowledged or not. */
  readonly meant: () => number;
  /** The ids that were acknowledged. */
  readonly acknowledged: ReadonlySet<string>;
  /** Each sender ends once what it means to send is acknowledged. */
  stop(): Promise<void>;
}

/**
 * Each person sends one message after the other and marks what is read. What is not acknowledged is sent again until it
 * is, under the same id.
 */
export function startSenders(options: SendersOptions): Senders {
  const { access, groupId, userIds, patienceMilliseconds, freshIds, onHung } = options;
  const acknowledged = new Set<string>();
  let meant = 0;
  let stopping = false;

  /** The data once it is answered without errors. */
  async function insist(userId: string, query: string, input: (attempt: number) => object): Promise<unknown> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        const { data, errors } = await ask(access, userId, query, { input: input(attempt) }, patienceMilliseconds);
        if (errors === undefined) return data;
      } catch (error) {
        if (error instanceof DOMException && error.name === 'TimeoutError') onHung(`${userId}: ${query.slice(0, 40)}`);
      }
      await wait(pauseMilliseconds);
    }
  }

  async function sender(userId: string): Promise<void> {
    for (let index = 0; !stopping; index += 1) {
      meant += 1;
      let id = '';
      const data = await insist(userId, sendMessage, (attempt) => {
        id = freshIds ? `${userId}-${index}-${attempt}` : `${userId}-${index}`;
        return { groupId, messageId: id, text: `message ${id}` };
      });
      acknowledged.add(id);
      const { seq } = (data as { sendMessage: { message: { seq: number } } }).sendMessage.message;
      if (index % 3 === 0) await insist(userId, markReadUpTo, () => ({ marks: [{ groupId, upTo: seq }] }));
      await wait(pauseMilliseconds);
    }
  }

  const running = userIds.map(sender);
  return {
    meant: () => meant,
    acknowledged,
    async stop() {
      stopping = true;
      await Promise.all(running);
    },
  };
}

const timeline =
  'subscription ($groupId: ID!, $after: Int) { timeline(groupId: $groupId, afterVersion: $after) { __typename ... on MessageAdded { version } ... on MembersChanged { version } ... on GroupChanged { version } ... on Resync { version } } }';

export interface Watcher {
  /** The versions in the order in which they came. */
  readonly versions: readonly number[];
  stop(): Promise<void>;
}

/** One who watches a group's timeline from a version on, and after every end resumes after the last version seen. */
export function startWatcher(access: Access, userId: string, groupId: string, after: number): Watcher {
  const versions: number[] = [];
  const abort = new AbortController();
  let dispose = (): void => {};

  async function watchOnce(): Promise<void> {
    const token = await access.token(userId);
    const client = createClient({
      url: `${access.url.replace('http', 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      connectionParams: { authorization: `Bearer ${token}` },
      retryAttempts: 0,
    });
    dispose = () => void client.dispose();
    const variables = { groupId, after: versions.at(-1) ?? after };
    for await (const { data } of client.iterate<{ timeline: { version: number } }>({ query: timeline, variables })) {
      if (data) versions.push(data.timeline.version);
    }
  }

  async function watch(): Promise<void> {
    while (!abort.signal.aborted) {
      await watchOnce().catch(() => {});
      dispose();
      await wait(pauseMilliseconds);
    }
  }

  const running = watch();
  return {
    versions,
    async stop() {
      abort.abort();
      dispose();
      await running;
    },
  };
}
