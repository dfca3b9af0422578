import { Agent, request } from 'node:http';
import { z } from 'zod';
import type { Position } from '../ports/event-log.ts';
import type { Tokens } from '../rights/tokens.ts';

export interface Crowd {
  /** Where it is served. Requests go to one after the other. */
  readonly urls: readonly string[];
  readonly tokens: Tokens;
  readonly now: () => number;
  readonly groupId: string;
  readonly ownerId: string;
  readonly readers: number;
}

/** Requests under way at once. */
const concurrency = 48;
const membersPerCall = 10_000;
/** In a demonstration at full speed, each reader leaves this many marks. */
const marksPerReader = 2;
const agent = new Agent({ keepAlive: true, maxSockets: concurrency });

const readerId = (index: number): string => `reader-${String(index + 1).padStart(5, '0')}`;

const tokenSeconds = 24 * 60 * 60;

const answerSchema = z.object({
  data: z.record(z.string(), z.unknown()).nullish(),
  errors: z.array(z.object({ message: z.string() })).optional(),
});

let turn = 0;

/** One GraphQL request as any client would send it. Rejects with what the server says. */
async function send(
  urls: readonly string[],
  token: string,
  query: string,
  variables: object,
): Promise<Record<string, unknown>> {
  turn += 1;
  const url = urls[turn % urls.length];
  const body = JSON.stringify({ query, variables });
  const headers = {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    authorization: `Bearer ${token}`,
  };
  const text = await new Promise<string>((resolve, reject) => {
    const outgoing = request(`${url}/graphql`, { method: 'POST', agent, headers }, (incoming) => {
      let received = '';
      incoming.setEncoding('utf8');
      incoming.on('data', (chunk: string) => {
        received += chunk;
      });
      incoming.on('end', () => resolve(received));
      incoming.on('error', reject);
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
  const { data, errors } = answerSchema.parse(JSON.parse(text));
  if (errors !== undefined || !data)
    throw new Error(`the server refused: ${errors?.map(({ message }) => message).join('; ')}`);
  return data;
}

/** Creates the group and adds the crowd to it, as the group's owner. */
export async function enrol({ urls, tokens, groupId, ownerId, readers }: Crowd, name: string): Promise<void> {
  const token = await tokens.issue({ userId: ownerId, name: ownerId }, tokenSeconds);
  await send(urls, token, 'mutation ($input: CreateGroupInput!) { createGroup(input: $input) { position } }', {
    input: { groupId, name },
  });
  for (let first = 0; first < readers; first += membersPerCall) {
    const members = Array.from({ length: Math.min(membersPerCall, readers - first) }, (_, index) => ({
      userId: readerId(first + index),
      name: `Reader ${first + index + 1}`,
    }));
    await send(urls, token, 'mutation ($input: AddMembersInput!) { addMembers(input: $input) { position } }', {
      input: { groupId, members },
    });
  }
}

async function mark({ urls, groupId }: Crowd, token: string, upTo: number): Promise<void> {
  await send(urls, token, 'mutation ($input: MarkReadUpToInput!) { markReadUpTo(input: $input) { position } }', {
    input: { marks: [{ groupId, upTo }] },
  });
}

async function lastSeq({ urls, tokens, groupId, ownerId }: Crowd): Promise<number> {
  const token = await tokens.issue({ userId: ownerId }, tokenSeconds);
  const data = await send(urls, token, 'query ($id: ID!) { group(groupId: $id) { lastSeq } }', { id: groupId });
  return z.object({ group: z.object({ lastSeq: z.int() }) }).parse(data).group.lastSeq;
}

/** Everybody reads as fast as the server takes it: most to the end, some to somewhere, some leave, some never open it. */
export async function readAtFullSpeed(crowd: Crowd, say: (line: string) => void): Promise<void> {
  const newest = await lastSeq(crowd);
  const started = performance.now();
  let next = 0;
  let sent = 0;
  const random = seededRandom(1_204);
  async function readers(): Promise<void> {
    for (let index = next++; index < crowd.readers; index = next++) {
      if (random() < 0.1) continue;
      const token = await crowd.tokens.issue({ userId: readerId(index) }, tokenSeconds);
      for (let step = 1; step <= marksPerReader; step += 1) {
        const upTo = step === marksPerReader && random() < 0.7 ? newest : Math.ceil(random() * newest);
        await mark(crowd, token, upTo);
        sent += 1;
      }
      if (random() < 0.05) {
        await send(
          crowd.urls,
          token,
          'mutation ($input: LeaveGroupInput!) { leaveGroup(input: $input) { position } }',
          {
            input: { groupId: crowd.groupId },
          },
        );
      }
    }
  }
  await Promise.all(Array.from({ length: concurrency }, readers));
  const seconds = (performance.now() - started) / 1_000;
  say(`${sent} marks over HTTP in ${seconds.toFixed(1)} s (${Math.round(sent / seconds)}/s)`);
}

const flushMilliseconds = 250;
const lineMilliseconds = 1_000;

/**
 * Readers come by and read on, each a few screens at a time, and flush their mark as a client does: some hundred marks a
 * second. Prints how far the crowd has come on one message, until `signal` aborts.
 */
export async function readAtHumanPace(crowd: Crowd, say: (line: string) => void, signal: AbortSignal): Promise<void> {
  const newest = await lastSeq(crowd);
  const marks = new Map<number, number>();
  const random = seededRandom(crowd.now());
  const watched = await someMessage(crowd);
  let told = 0;
  while (!signal.aborted) {
    const perFlush = Math.max(1, Math.round(crowd.readers / 100));
    const reading = Array.from({ length: perFlush }, async () => {
      const index = Math.floor(random() * crowd.readers);
      const further = Math.min(newest, (marks.get(index) ?? 0) + Math.ceil(random() * newest));
      const upTo = random() < 0.5 ? newest : further;
      marks.set(index, upTo);
      await mark(crowd, await crowd.tokens.issue({ userId: readerId(index) }, tokenSeconds), upTo);
    });
    await Promise.all(reading);
    if (performance.now() - told > lineMilliseconds) {
      told = performance.now();
      say(await liveLine(crowd, watched));
    }
    await new Promise((resolve) => setTimeout(resolve, flushMilliseconds));
  }
}

async function liveLine({ urls, tokens, groupId, ownerId }: Crowd, messageId: string): Promise<string> {
  const query =
    'query ($groupId: ID!, $messageId: ID!) { message(groupId: $groupId, messageId: $messageId) { seq readCount audienceCount } }';
  const token = await tokens.issue({ userId: ownerId }, tokenSeconds);
  const data = await send(urls, token, query, { groupId, messageId });
  const { message } = z
    .object({ message: z.object({ seq: z.int(), readCount: z.int(), audienceCount: z.int() }) })
    .parse(data);
  const [seq, read, audience] = [message.seq, message.readCount, message.audienceCount].map((n) =>
    n.toLocaleString('en'),
  );
  return `group ${groupId}, message ${seq}: ${read} of ${audience} have read`;
}

/** The id of a message that is well inside the conversation: the oldest of the newest hundred. */
async function someMessage({ urls, tokens, groupId, ownerId }: Crowd): Promise<string> {
  const token = await tokens.issue({ userId: ownerId }, tokenSeconds);
  const query = 'query ($id: ID!) { group(groupId: $id) { timeline(last: 100) { edges { node { messageId } } } } }';
  const data = await send(urls, token, query, { id: groupId });
  const { group } = z
    .object({
      group: z.object({
        timeline: z.object({ edges: z.array(z.object({ node: z.object({ messageId: z.string() }) })) }),
      }),
    })
    .parse(data);
  const [first] = group.timeline.edges;
  if (first === undefined) throw new Error('the conversation holds no message');
  return first.node.messageId;
}

/** What one process answers for every message of the group, by seq, in answers that hold everything up to `atLeast`. */
export async function shownCounts(crowd: Crowd, url: string, atLeast: Position): Promise<ReadonlyMap<number, Shown>> {
  const token = await crowd.tokens.issue({ userId: crowd.ownerId }, tokenSeconds);
  const query = `query ($id: ID!, $after: String, $atLeast: Position) { group(groupId: $id, atLeast: $atLeast) {
    timeline(first: 200, after: $after) {
      edges { node { seq readCount audienceCount } } pageInfo { hasNextPage endCursor } } } }`;
  const counts = new Map<number, Shown>();
  for (let after: string | null = null; ; ) {
    const data = await send([url], token, query, { id: crowd.groupId, after, atLeast: String(atLeast) });
    const { timeline } = shownSchema.parse(data).group;
    for (const { node } of timeline.edges) counts.set(node.seq, node);
    if (!timeline.pageInfo.hasNextPage) return counts;
    after = timeline.pageInfo.endCursor;
  }
}

const shown = z.object({ seq: z.int(), readCount: z.int(), audienceCount: z.int() });
export type Shown = z.infer<typeof shown>;
const shownSchema = z.object({
  group: z.object({
    timeline: z.object({
      edges: z.array(z.object({ node: shown })),
      pageInfo: z.object({ hasNextPage: z.boolean(), endCursor: z.string().nullable() }),
    }),
  }),
});

/** A small generator with a seed (mulberry32), so that a run at full speed can be repeated. */
function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
