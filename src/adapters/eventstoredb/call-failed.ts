import { convertToCommandError } from '@eventstore/db-client';

/** A call that came to nothing. */
export class CallFailed extends Error {
  override readonly name = 'CallFailed';
  /** False only where it is certain that nothing of the call has left this process. */
  readonly sent: boolean;

  /** `error` is one of the client's own, such as AccessDeniedError. */
  constructor(error: Error, sent: boolean) {
    super(error.message, { cause: error });
    this.sent = sent;
  }
}

/** The client's class for an error of gRPC. */
export function asCommandError(error: unknown): Error {
  try {
    return convertToCommandError(asError(error));
  } catch {
    // It takes the particulars of some errors for granted.
    return asError(error);
  }
}

export const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)));

/** What an error says to a person: of gRPC's the reason alone. */
export function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message || error.constructor.name : String(error);
  const lastError = /Last error: (?:Error: )?(.*?)\.? ?Resolution note: /s.exec(message)?.[1];
  // Of a deadline the rest is figures, another time each.
  return lastError ?? message.replace(/^\d+ [A-Z_]+: /, '').replace(/^(Deadline exceeded).*/s, '$1');
}

/** None of a cluster's nodes could be used. */
export class NoNodeFound extends Error {
  override readonly name = 'NoNodeFound';
  /** Where waiting helps with none of them. */
  readonly isPermanent: boolean;

  constructor(said: ReadonlyMap<string, unknown>) {
    // Sorted, so that the same answers are the same reason, whoever was the quickest.
    const answers = [...said].map(([address, what]) => `${address}: ${reasonOf(what)}`).sort();
    super(`no node of the cluster can be used: ${answers.join('; ')}`);
    this.isPermanent = [...said.values()].every(isPermanent);
  }
}

const untrusted =
  /self-signed certificate|unable to (?:verify|get)[^:]*certificate|certificate (?:has expired|is not yet valid|chain|revoked)|does not match certificate's altnames|wrong version number/;

/** Waiting does not mend it: what this process is told, or who the server says that it is, has to change. */
export function isPermanent(error: unknown): boolean {
  if (error instanceof CallFailed) return isPermanent(error.cause);
  if (error instanceof NoNodeFound) return error.isPermanent;
  return error instanceof Error && untrusted.test(error.message);
}
