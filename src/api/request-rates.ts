import { type AccessRefusal, type Refused, tokenExpired } from '../rights/access-refusal.ts';
import type { Tokens } from '../rights/tokens.ts';
import type { Viewer } from '../rights/viewer.ts';
import type { RatedKind, RateLimits, Release } from './rate-limits.ts';

/** The limits as they stand for whoever sent one operation. */
export interface RequestRates {
  /** Throws RATE_LIMITED. */
  take(kind: RatedKind, amount: number): void;
  /** Counts a subscription until it is released. Throws RATE_LIMITED. */
  subscription(viewer: Viewer): Release;
  /** Counts an inbox until it is released, besides its being a subscription. Throws RATE_LIMITED. */
  inbox(viewer: Viewer): Release;
}

/** Where an operation came from. */
export interface Origin {
  /** Undefined where it says nothing: see clientAddress. */
  readonly address: string | undefined;
  /** Undefined over HTTP. */
  readonly socket: object | undefined;
}

export function requestRates(
  limits: RateLimits,
  viewer: Viewer | Refused<AccessRefusal>,
  { address, socket }: Origin,
): RequestRates {
  const userId = 'refused' in viewer ? undefined : viewer.userId;
  return {
    take: (kind, amount) => limits.take(kind, amount, { userId, address }),
    subscription: (subscriber) => limits.subscription(subscriber.userId, socket),
    inbox: (subscriber) => limits.inbox(subscriber.userId),
  };
}

/**
 * Who is asking, by their token. Tokens that were never good count for their address, and where too many have come from it,
 * the next one is told so: throws RATE_LIMITED. A good token is good whatever its neighbours try, and one that has expired
 * is told that, so that its client gets another: to verify costs less than the request around it.
 */
export async function authenticate(
  tokens: Tokens,
  limits: RateLimits,
  authorization: string | undefined | null,
  address: string | undefined,
): Promise<Viewer | Refused<AccessRefusal>> {
  const viewer = await tokens.verify(authorization);
  if (authorization && 'refused' in viewer && viewer.refused !== tokenExpired) limits.tokenFailed(address);
  return viewer;
}
