import { randomBytes } from 'node:crypto';
import { createTokens } from '../src/api/auth.ts';
import { firstMatch, runContestant, startNode, stop } from './child.ts';
import type { LoadOptions, LoadResult } from './contestants/load-generator.ts';

/** A server in a process of its own, on an empty data directory. */
export interface RunningServer {
  /** Asks as one of its users and returns the answer's data. Throws where there are errors. */
  ask<Data>(userId: string, query: string, variables: object): Promise<Data>;
  /** Loads it from another process; throws where an operation failed. */
  load(options: Omit<LoadOptions, 'url' | 'secret'>): Promise<LoadResult>;
  stop(): Promise<void>;
}

/** Starts the product, or the server with the empty mutation. */
export async function startServer(script: 'product' | 'empty mutation', dataDirectory: string): Promise<RunningServer> {
  const secret = randomBytes(32).toString('base64url');
  const [file, args] =
    script === 'product' ? ['../src/main.ts', ['serve', '--port', '0']] : ['contestants/empty-mutation-server.ts', []];
  const child = startNode(file as string, args as string[], 'server', {
    HIGHWATER_DATA: dataDirectory,
    HIGHWATER_HOST: '127.0.0.1',
    HIGHWATER_JWT_SECRET: secret,
    HIGHWATER_LOG_LEVEL: 'error',
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
      const { data, errors } = (await response.json()) as { data?: Data; errors?: unknown };
      if (errors !== undefined || data === undefined) throw new Error(`the server answers ${JSON.stringify(errors)}`);
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

/** The newest message's seq as the server says it, once its read models hold everything. */
export async function newestSeq(server: RunningServer, groupId: string): Promise<number> {
  const query = 'query ($id: ID!) { group(id: $id) { lastSeq } }';
  const deadline = performance.now() + 30_000;
  for (let before = -1; performance.now() < deadline; ) {
    const { group } = await server.ask<{ group: { lastSeq: number } }>('user-0', query, { id: groupId });
    if (group.lastSeq === before) return before;
    before = group.lastSeq;
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
  throw new Error('the read models do not come to rest');
}
