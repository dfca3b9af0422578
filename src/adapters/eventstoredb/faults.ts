import { AccessDeniedError, NotLeaderError, StreamNotFoundError } from '@eventstore/db-client';
import { LogUnavailable } from '../../ports/event-log.ts';
import { CallFailed } from './connection.ts';

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
  const reason = cause instanceof Error ? cause.message || cause.constructor.name : String(cause);
  return new LogUnavailable(`EventStoreDB failed while ${doing}: ${reason}`, { cause });
}

/** The server was not the leader and has refused the call; the connection now leads to the leader that it has named. */
export const isRedirected = (error: unknown): boolean =>
  error instanceof CallFailed && error.cause instanceof NotLeaderError;

/** A missing stream, as a failure; most of the time it is an answer of its own. */
export const isMissingStream = (error: unknown): boolean =>
  error instanceof CallFailed && error.cause instanceof StreamNotFoundError;
