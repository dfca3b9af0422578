import DataLoader from 'dataloader';
import type { GroupRow, MessageRow, ReactionCount } from '../ports/rows.ts';
import { type AccessRefusal, type Refused, tokenExpired } from '../rights/access-refusal.ts';
import { createPolicy, type Policy } from '../rights/policy.ts';
import type { Viewer } from '../rights/viewer.ts';
import { refusalError } from './error-table.ts';
import { createListLoaders, type ListLoaders } from './list-loaders.ts';
import { accepted } from './refused.ts';
import type { RequestRates } from './request-rates.ts';
import type { Services } from './services.ts';
import type { Lane } from './turns.ts';

/** What one request's resolvers share. Loaders batch the reads of a page and last no longer than the request. */
export interface RequestContext {
  readonly services: Services;
  readonly policy: Policy;
  /** Throws UNAUTHENTICATED where the request brought no valid token. */
  viewer(): Viewer;
  readonly loaders: Loaders;
  readonly rates: RequestRates;
  readonly turns: Lane;
}

export interface Loaders extends ListLoaders {
  group(groupId: string): Promise<GroupRow | undefined>;
  message(groupId: string, messageId: string): Promise<MessageRow | undefined>;
  reactionCounts(groupId: string, seq: number): Promise<readonly ReactionCount[]>;
}

export function createContext(
  services: Services,
  viewer: Viewer | Refused<AccessRefusal>,
  rates: RequestRates,
  turns: Lane,
): RequestContext {
  const { readModels: people, messages } = services;
  function viewerOf(): Viewer {
    const known = accepted(viewer);
    if (known.expiresAt <= services.now()) throw refusalError(tokenExpired);
    return known;
  }
  return {
    services,
    rates,
    turns,
    policy: createPolicy(services.commands, services.now),
    viewer: viewerOf,
    loaders: {
      ...createLoaders(services),
      ...createListLoaders({ people, messages, viewerId: () => viewerOf().userId }),
    },
  };
}

// An id holds no white space, so a space can join two.
const joinKey = (groupId: string, rest: string | number): string => `${groupId} ${rest}`;

/**
 * A subscription's context lives as long as its socket, and rows change: so nothing is cached beyond one batch.
 */
function createLoaders({
  readModels,
  messages: shownMessages,
}: Services): Pick<Loaders, 'group' | 'message' | 'reactionCounts'> {
  const groups = new DataLoader<string, GroupRow | undefined>(
    async (ids) => {
      const rows = new Map((await readModels.groups([...new Set(ids)])).map((row) => [row.groupId, row]));
      return ids.map((id) => rows.get(id));
    },
    { cache: false },
  );
  const messages = new DataLoader<{ groupId: string; messageId: string }, MessageRow | undefined>(
    async (keys) => {
      const byGroup = Map.groupBy(keys, ({ groupId }) => groupId);
      const rows = await Promise.all(
        [...byGroup].map(([groupId, own]) =>
          shownMessages.messages(groupId, [...new Set(own.map((key) => key.messageId))]),
        ),
      );
      const found = new Map(rows.flat().map((row) => [joinKey(row.groupId, row.messageId), row]));
      return keys.map(({ groupId, messageId }) => found.get(joinKey(groupId, messageId)));
    },
    { cache: false },
  );
  const reactions = new DataLoader<{ groupId: string; seq: number }, readonly ReactionCount[]>(
    async (keys) => {
      const rows = await readModels.reactionCounts(keys);
      const found = Map.groupBy(rows, ({ groupId, seq }) => joinKey(groupId, seq));
      return keys.map(({ groupId, seq }) => found.get(joinKey(groupId, seq)) ?? []);
    },
    { cache: false },
  );
  return {
    group: (groupId) => groups.load(groupId),
    message: (groupId, messageId) => messages.load({ groupId, messageId }),
    reactionCounts: (groupId, seq) => reactions.load({ groupId, seq }),
  };
}
