import { AccessDeniedError, NotLeaderError, StreamDeletedError, StreamNotFoundError } from '@eventstore/db-client';
import { LogRefused, LogUnavailable, StreamDeleted } from '../../ports/event-log.ts';
import { CallFailed, isPermanent, reasonOf } from './call-failed.ts';

/** Why a call has failed, in the port's words, for one of which it is certain that nothing was stored. */
export function unavailable(doing: string, error: unknown): LogUnavailable {
  const cause = error instanceof CallFailed ? error.cause : error;
  if (cause instanceof AccessDeniedError) {
    return new LogRefused(`EventStoreDB denied access while ${doing}: are the URL's credentials right?`, { cause });
  }
  if (cause instanceof StreamDeletedError) {
    return new StreamDeleted(`${cause.streamName} was deleted for good`, { cause });
  }
  const reason = reasonOf(cause);
  if (isPermanent(cause)) {
    return new LogRefused(`EventStoreDB is not to be trusted while ${doing}: ${reason}${adviceOn(reason)}`, { cause });
  }
  return new LogUnavailable(`EventStoreDB failed while ${doing}: ${reason}`, { cause });
}

/** What the person who reads the reason can do about it. */
function adviceOn(reason: string): string {
  if (reason.includes('wrong version number')) return ' (it does not speak TLS: tls=false in its URL is for that)';
  if (reason.includes('altnames')) return ' (its certificate is for others than what its URL or its cluster names)';
  return /expired|not yet valid/.test(reason)
    ? ''
    : ' (tlsCAFile in its URL names the authority that is to be trusted)';
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
