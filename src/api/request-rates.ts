import type { AccessRefusal, Refused } from '../rights/access-refusal.ts';
import type { Tokens } from '../rights/tokens.ts';
import type { Viewer } from '../rights/viewer.ts';
import type { RatedKind, RateLimits, Release } from './rate-limits.ts';

/** The limits as they stand for whoever sent one operation. */
export interface RequestRates {
  /** Throws RATE_LIMITED. */
  take(kind: RatedKind, amount: number): void;
  /** Counts a subscription until it is released. Throws RATE_LIMITED. */
  subscription(viewer: Viewer): Release;
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
  };
}

/**
 * Who is asking, by their token. Tokens that fail count for their address, and where too many have, no further one is
 * looked at: throws RATE_LIMITED. One that was good before is good all the same, whatever its neighbours try.
 */
export async function authenticate(
  tokens: Tokens,
  limits: RateLimits,
  authorization: string | undefined | null,
  address: string | undefined,
): Promise<Viewer | Refused<AccessRefusal>> {
  const isNew = authorization && tokens.remembered(authorization) === undefined;
  if (isNew) limits.requireFewFailedTokens(address);
  const viewer = await tokens.verify(authorization);
  if (isNew && 'refused' in viewer) limits.tokenFailed(address);
  return viewer;
}
