import { randomBytes } from 'node:crypto';
import { createTokens } from '../src/rights/tokens.ts';
import { firstMatch, runContestant, startNode, stop } from './child.ts';
import type { LoadOptions, LoadResult } from './contestants/load-generator.ts';
import type { PageLatencies, PageReaderOptions } from './contestants/page-reader.ts';
import { type ThreadTimes, threadTimes } from './thread-times.ts';

/** A server in a process of its own, on an empty data directory. */
export interface RunningServer {
  /** Asks as one of its users and returns the answer's data. Throws where there are errors. */
  ask<Data>(userId: string, query: string, variables: object): Promise<Data>;
  /** Loads it from another process; throws where an operation failed. */
  load(options: Omit<LoadOptions, 'url' | 'secret'>): Promise<LoadResult>;
  /** Reads pages from another process, as S11 does. */
  readPages(options: Omit<PageReaderOptions, 'url' | 'secret'>): Promise<PageLatencies>;
  /** CPU time by thread so far; undefined where the system does not say. */
  threadTimes(): ThreadTimes | undefined;
  stop(): Promise<void>;
}

interface GraphQlError {
  readonly message: string;
  readonly extensions?: { readonly code?: string };
}

/** The server has answered with errors. */
class Refused extends Error {
  override readonly name = 'Refused';
  readonly errors: readonly GraphQlError[];

  constructor(errors: readonly GraphQlError[]) {
    super(`the server answers ${JSON.stringify(errors)}`);
    this.errors = errors;
  }
}

/** Starts the product, or the server with the empty mutation; on embedded stores unless `env` names others. */
export async function startServer(
  script: 'product' | 'empty mutation',
  dataDirectory: string,
  env: NodeJS.ProcessEnv = {},
): Promise<RunningServer> {
  const secret = randomBytes(32).toString('base64url');
  const [file, args] =
    script === 'product' ? ['../src/main.ts', ['serve', '--port', '0']] : ['contestants/empty-mutation-server.ts', []];
  const child = startNode(file as string, args as string[], 'server', {
    HIGHWATER_DATA: dataDirectory,
    HIGHWATER_HOST: '127.0.0.1',
    HIGHWATER_JWT_SECRET: secret,
    HIGHWATER_LOG_LEVEL: 'error',
    // One person sends as fast as can be.
    HIGHWATER_RATE_LIMITS: 'off',
    ...env,
  });
  const url = await firstMatch(child, /serves (http:\S+)\/graphql/);
  const tokens = createTokens(secret, Date.now);
  return {
    async ask<Data>(userId: string, query: string, variables: object): Promise<Data> {
      const response = await fetch(`${url}/graphql`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          authorization: `Bearer ${await tokens.issue({ userId }, 3_600)}`,
        },
        body: JSON.stringify({ query, variables }),
      });
      const { data, errors } = (await response.json()) as { data?: Data; errors?: readonly GraphQlError[] };
      if (errors !== undefined || data === undefined) throw new Refused(errors ?? []);
      return data;
    },
    async load(options) {
      const result = await runContestant<LoadResult>(
        'contestants/load-generator.ts',
        { ...options, url, secret },
        'load',
      );
      if (result.failed > 0) throw new Error(`${result.failed} operations failed`);
      return result;
    },
    readPages: (options) => runContestant('contestants/page-reader.ts', { ...options, url, secret }, 'load'),
    threadTimes: () => (child.pid === undefined ? undefined : threadTimes(child.pid)),
    stop: () => stop(child),
  };
}

/** A group with so many members, `user-0` being its owner. */
export async function createGroup(server: RunningServer, groupId: string, members: number): Promise<void> {
  await server.ask('user-0', 'mutation ($input: CreateGroupInput!) { createGroup(input: $input) { position } }', {
    input: {
      groupId,
      name: 'Bench',
      members: Array.from({ length: members - 1 }, (_, index) => ({ userId: `user-${index + 1}` })),
    },
  });
}

const restMilliseconds = 120_000;

/**
 * The newest message's seq as the server says it, once its read models have come to `expected`, or have not moved for
 * two minutes; and then a moment later, because messages that nobody was told of would come after it.
 */
export async function newestSeq(server: RunningServer, groupId: string, expected: number): Promise<number> {
  const pause = () => new Promise((resolve) => setTimeout(resolve, 300));
  let newest = 0;
  for (let movedAt = performance.now(); performance.now() - movedAt < restMilliseconds; await pause()) {
    const before = newest;
    newest = (await askNewestSeq(server, groupId)) ?? before;
    if (newest >= expected) break;
    if (newest !== before) movedAt = performance.now();
  }
  await pause();
  return (await askNewestSeq(server, groupId)) ?? newest;
}

/** Undefined as long as the read models do not hold what was acknowledged. */
async function askNewestSeq(server: RunningServer, groupId: string): Promise<number | undefined> {
  const query = 'query ($id: ID!) { group(groupId: $id) { lastSeq } }';
  try {
    return (await server.ask<{ group: { lastSeq: number } }>('user-0', query, { id: groupId })).group.lastSeq;
  } catch (error) {
    // Behind, or being built for the first time.
    const passes = ['BEHIND', 'UNAVAILABLE'];
    if (error instanceof Refused && error.errors.every(({ extensions }) => passes.includes(extensions?.code ?? '')))
      return undefined;
    throw error;
  }
}
