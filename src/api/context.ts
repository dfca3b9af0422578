import type { Position } from '../ports/event-log.ts';
import { type AccessRefusal, type Refused, tokenExpired } from '../rights/access-refusal.ts';
import { createPolicy, type Policy } from '../rights/policy.ts';
import type { Viewer } from '../rights/viewer.ts';
import { refusalError } from './error-table.ts';
import { type AllLoaders, allLoaders } from './loaders.ts';
import { accepted } from './refused.ts';
import type { RequestRates } from './request-rates.ts';
import type { AnswerServices, Services } from './services.ts';
import type { Lane } from './turns.ts';

/**
 * What one request's resolvers share. That of a request as it comes reads the newest of everything; each answer of it is made
 * on one that reads what is of one moment (see answers/).
 */
export interface RequestContext {
  readonly services: AnswerServices;
  readonly policy: Policy;
  /** Throws UNAUTHENTICATED where the request brought no valid token. */
  viewer(): Viewer;
  readonly loaders: AllLoaders;
  /** What is read from now on is no older than this position, which a command has reached. */
  reach(position: Position): Promise<void>;
  /** What each root field of a mutation has done, by its name in the answer. */
  readonly outcomes: Map<string, Promise<unknown>>;
  readonly rates: RequestRates;
  readonly turns: Lane;
}

export function createContext(
  services: Services,
  viewer: Viewer | Refused<AccessRefusal>,
  rates: RequestRates,
  turns: Lane,
): RequestContext {
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
    // A subscription's context lives as long as its socket, and rows change.
    loaders: allLoaders(services, () => viewerOf().userId, false),
    reach: async () => undefined,
    outcomes: new Map(),
  };
}
