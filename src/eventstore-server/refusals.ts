import { status } from '@grpc/grpc-js';

/** Why a call is refused: a status, and headers that clients tell kinds of refusals by. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly code: status;
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: status, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.code = code;
    this.headers = headers;
  }
}

/** EventStoreDB's own limit over all events of one append, in bytes. */
export const maximumAppendSize = 1024 * 1024;

/** More than one append may hold, of which this server takes `limit` bytes. */
export class AppendTooLarge extends Refusal {
  readonly limit: number;

  constructor(limit: number) {
    super(status.INVALID_ARGUMENT, `Maximum Append Size of ${limit} Exceeded.`, {
      exception: 'maximum-append-size-exceeded',
      'maximum-append-size': String(limit),
    });
    this.limit = limit;
  }
}

/** What EventStoreDB answers where one of its own handlers breaks, be it over an argument. */
export const unknown = (message: string): Refusal => new Refusal(status.UNKNOWN, message);

export const invalidArgument = (message: string): Refusal => new Refusal(status.INVALID_ARGUMENT, message);

/** A place in the log where no event begins. */
export const noSuchPlace = (): Refusal => unknown('Unexpected ReadAllResult: Error');

export const notOffered = (what: string): Refusal =>
  new Refusal(status.UNIMPLEMENTED, `${what} is not implemented: Highwater's log keeps every event`);

export const closing = (): Refusal => new Refusal(status.UNAVAILABLE, 'the server is shutting down');
