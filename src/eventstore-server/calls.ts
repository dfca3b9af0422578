import {
  type Metadata,
  type ServerDuplexStream,
  type ServerWritableStream,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import { AppendUnknown, LogUnavailable } from '../ports/event-log.ts';
import { createBundles } from './bundles.ts';
import { answerHeaders, failureTrailers, headersOnly, okTrailers } from './headers.ts';
import { closing, Refusal } from './refusals.ts';

/** What calls share with the server that they are of. */
export interface ServerState {
  /** Aborted when the server closes. */
  readonly closing: AbortSignal;
  /** Told of what is a defect, not a refusal. */
  readonly onFault: (error: unknown) => void;
}

/** The way back to the client. */
export interface Answer<Response> {
  /** Aborted as soon as the client has gone or the server closes. */
  readonly ended: AbortSignal;
  /** Returns a promise when the client reads too slowly: it resolves once there is room again, or the call is to end. */
  send(response: Response): Promise<void> | undefined;
}

type WritableCall<Request, Response> =
  | ServerWritableStream<Request, readonly Response[]>
  | ServerDuplexStream<Request, readonly Response[]>;

/**
 * Runs one call that answers with a stream, to its end: `work` has sent everything when it returns, and what it throws
 * becomes the call's status. `sizeOf` is about how many bytes a message is of. Never rejects: nobody waits for a call.
 */
export async function answering<Request, Response>(
  call: WritableCall<Request, Response>,
  state: ServerState,
  sizeOf: (response: Response) => number,
  work: (answer: Answer<Response>) => Promise<void>,
): Promise<void> {
  try {
    await answer(call, state, sizeOf, work);
  } catch (error) {
    // Not even its status could be told.
    state.onFault(error);
  }
}

async function answer<Request, Response>(
  call: WritableCall<Request, Response>,
  { closing: serverCloses, onFault }: ServerState,
  sizeOf: (response: Response) => number,
  work: (answer: Answer<Response>) => Promise<void>,
): Promise<void> {
  const leaving = new AbortController();
  const leave = () => leaving.abort();
  call.once('cancelled', leave);
  const ended = AbortSignal.any([leaving.signal, serverCloses]);
  const bundles = createBundles<Response>(call, { gone: leaving.signal, ended });
  let begun = false;

  function send(response: Response): Promise<void> | undefined {
    if (!begun) call.sendMetadata(answerHeaders());
    begun = true;
    return bundles.add(response, sizeOf(response));
  }

  try {
    await work({ ended, send });
    if (serverCloses.aborted) throw closing();
    bundles.flush();
    call.end(begun ? okTrailers() : headersOnly(status.OK, ''));
  } catch (error) {
    bundles.flush();
    call.emit('error', statusOf(error, begun, call.cancelled ? () => {} : onFault));
  } finally {
    call.off('cancelled', leave);
  }
}

/** The status that an error is told the client as. */
export function statusOf(error: unknown, begun: boolean, onFault: (error: unknown) => void): Partial<ServiceError> {
  const { code, message, headers } = refusalOf(error, onFault);
  const metadata: Metadata = begun ? failureTrailers(message, headers) : headersOnly(code, message, headers);
  return { code, details: message, metadata };
}

/** What neither is a refusal nor comes from the log is told `onFault`. */
export function refusalOf(error: unknown, onFault: (error: unknown) => void): Refusal {
  if (error instanceof Refusal) return error;
  if (error instanceof LogUnavailable) return new Refusal(status.UNAVAILABLE, error.message);
  // Whether the append was stored is for the client to find out, as after any deadline.
  if (error instanceof AppendUnknown) return new Refusal(status.DEADLINE_EXCEEDED, error.message);
  onFault(error);
  return new Refusal(status.UNKNOWN, 'Exception was thrown by handler.');
}
