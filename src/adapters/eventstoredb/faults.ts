import { AccessDeniedError, NotLeaderError, StreamNotFoundError } from '@eventstore/db-client';
import { LogUnavailable } from '../../ports/event-log.ts';
import { CallFailed, reasonOf } from './call-failed.ts';

/** The server does not let these credentials in, or not do this. Waiting does not help; other credentials do. */
export class LogAccessDenied extends LogUnavailable {}

/** Why a call has failed, in the port's words, for one of which it is certain that nothing was stored. */
export function unavailable(doing: string, error: unknown): LogUnavailable {
  const cause = error instanceof CallFailed ? error.cause : error;
  if (cause instanceof AccessDeniedError) {
    return new LogAccessDenied(`EventStoreDB denied access while ${doing}: are the URL's credentials right?`, {
      cause,
    });
  }
  return new LogUnavailable(`EventStoreDB failed while ${doing}: ${reasonOf(cause)}`, { cause });
}

/** A node's answers to a call that only a leader carries out, where it does not lead and knows nobody who does. */
const leaderless = /Server Is Not Ready|Server Is Too Busy|No leader info available in response/;

/**
 * The node that was asked does not lead, or nobody does for the moment: the call was refused, and nothing of it was stored
 * nor will be. Where the node has named a leader, the connection now leads there.
 */
export function isLeaderless(error: unknown): boolean {
  if (!(error instanceof CallFailed) || !(error.cause instanceof Error)) return false;
  return error.cause instanceof NotLeaderError || leaderless.test(error.cause.message);
}

/** A missing stream, as a failure; most of the time it is an answer of its own. */
export const isMissingStream = (error: unknown): boolean =>
  error instanceof CallFailed && error.cause instanceof StreamNotFoundError;
