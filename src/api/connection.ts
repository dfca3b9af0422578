import type { WebSocket } from 'ws';
import type { Viewer } from '../rights/viewer.ts';
import type { Release } from './rate-limits.ts';

/**
 * Close codes beside the protocol's own, chosen by what stock clients do with them: graphql-ws (and with it Apollo and urql)
 * gives up for good at 4400, 4401, 4406, 4409, 4429, 4500 and most of 1000 to 1999, and comes back after every other one. So
 * `unauthorized` is for a token that will not be better next time, and `tokenExpired` for one in whose place a client may
 * have another. `resume` is for a reader who is too slow, and for all where nothing comes: either goes on after the last
 * version that it has seen, over another connection. docs/protocol.md has the whole table.
 */
export const closeCodes = { unauthorized: 4401, tokenExpired: 4403, resume: 4410, tooMany: 4420 } as const;

/** One socket, as it is known here. */
export interface Connection {
  readonly socket: WebSocket;
  /** Undefined where it says nothing: see clientAddress. */
  readonly address: string | undefined;
  /** What the upgrade said, for a client that can set headers. */
  readonly authorization: string | undefined;
  /** Called once it is known whose it is: from there on it counts for its person, and for its address no more. */
  readonly leaveAddress: Release;
  viewer?: Viewer;
  /** Stops waiting for the token's end. */
  stopExpiry?: () => void;
  /** Whether it has answered since the last ping. */
  alive: boolean;
  /** Queries and mutations that are being executed. */
  underWay: number;
  /** Called once nothing is under way any more. */
  onAnswered?: () => void;
}
