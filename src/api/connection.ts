import type { WebSocket } from 'ws';
import type { Viewer } from '../rights/viewer.ts';
import type { Release } from './rate-limits.ts';

/**
 * Close codes of this server's own, in the range that applications may use. `resume` is for a reader who is too slow, and
 * for all where nothing comes: either goes on after the last version that it has seen, over another connection.
 */
export const closeCodes = { tokenExpired: 4403, resume: 4410, tooMany: 4420 } as const;

/** One socket, as it is known here. */
export interface Connection {
  readonly socket: WebSocket;
  /** Undefined where it says nothing: see clientAddress. */
  readonly address: string | undefined;
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
