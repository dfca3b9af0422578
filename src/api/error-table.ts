import { GraphQLError, type GraphQLErrorOptions } from 'graphql';
import type { Refusal } from '../commands/refusal.ts';
import type { DeliveryRefusal } from '../delivery/delivery-refusal.ts';
import { UndecodableEvent } from '../events/codec.ts';
import { AppendUnknown, LogUnavailable } from '../ports/event-log.ts';
import { ReadModelsUnavailable } from '../ports/read-model-faults.ts';

/** The closed list of `extensions.code`. */
export const errorCodes = [
  'UNAUTHENTICATED',
  'FORBIDDEN',
  'NOT_FOUND',
  'NOT_A_MEMBER',
  'BAD_INPUT',
  'CONFLICT',
  'RATE_LIMITED',
  'BEHIND',
  'UNAVAILABLE',
] as const;
export type ErrorCode = (typeof errorCodes)[number];

/** An error that a client is meant to read. Every other error is masked and logged. */
export class ApiError extends GraphQLError {
  readonly code: ErrorCode;

  constructor(
    code: ErrorCode,
    message: string,
    extensions: Readonly<Record<string, unknown>> = {},
    at: Pick<GraphQLErrorOptions, 'nodes' | 'path'> = {},
  ) {
    super(message, { ...at, extensions: { ...extensions, code } });
    this.code = code;
  }
}

/** A group that one may not see is like one that is not there: the same code and the same words. */
export const groupNotFound = (): ApiError =>
  new ApiError('NOT_FOUND', 'There is no such group, or you may not see it.');

const groupHalted = 'This group is halted: its log holds an event that cannot be read.';

/** Whatever the rooms behind the API refuse with. */
export type AnyRefusal = Refusal | DeliveryRefusal;

/** The one table from refusals to codes. */
export function refusalError(refusal: AnyRefusal): ApiError {
  switch (refusal.kind) {
    case 'group-not-found':
      return groupNotFound();
    case 'group-exists':
      return new ApiError('CONFLICT', 'The group’s id is taken.');
    case 'no-longer-a-member':
      return new ApiError('NOT_A_MEMBER', 'You are no longer a member of this group.');
    case 'forbidden':
      return new ApiError('FORBIDDEN', `This needs ${refusal.needs}.`);
    case 'target-not-a-member':
      return new ApiError('NOT_A_MEMBER', `${refusal.userId} is not a member of this group.`);
    case 'last-owner':
      return new ApiError('CONFLICT', 'A group keeps at least one owner: make somebody else an owner first.');
    case 'message-not-found':
      return new ApiError('NOT_FOUND', 'There is no such message in this group.');
    case 'group-halted':
      return new ApiError('UNAVAILABLE', groupHalted, { reason: 'halted' });
    case 'message-deleted':
      return new ApiError('CONFLICT', 'The message is deleted.');
    case 'message-id-taken':
      return new ApiError('CONFLICT', 'The message’s id is taken by a message with other content.');
    case 'command-id-taken':
      return new ApiError('CONFLICT', 'You have used this commandId for something else.');
    case 'beyond-newest':
      return new ApiError('BAD_INPUT', `upTo is beyond the newest message, which is ${refusal.lastSeq}.`, {
        lastSeq: refusal.lastSeq,
      });
    case 'too-busy':
      return new ApiError('UNAVAILABLE', 'Too many commands are waiting. Nothing was changed: try again.');
    case 'bad-value':
      return new ApiError('BAD_INPUT', `${refusal.field} ${refusal.problem}.`, { field: refusal.field });
    case 'unauthenticated':
      return new ApiError('UNAUTHENTICATED', refusal.problem);
    case 'behind':
      return new ApiError('BEHIND', 'The read models have not reached that position yet. Try again.', {
        checkpoint: String(refusal.checkpoint),
        wanted: String(refusal.wanted),
      });
    case 'position-not-reached':
      return new ApiError('BAD_INPUT', `atLeast is not a position of this log, which ends at ${refusal.end}.`, {
        end: String(refusal.end),
      });
    case 'version-not-reached':
      return new ApiError('BAD_INPUT', `after is not a version of this group, which is at ${refusal.newest}.`, {
        version: refusal.newest,
      });
    default:
      return refusal satisfies never;
  }
}

/** What a client is told of an error that a resolver threw, and whether it is news for the log. */
export function clientError(error: unknown): { readonly told: GraphQLError; readonly unexpected: boolean } {
  const original = origin(error);
  const at = error instanceof GraphQLError ? { nodes: error.nodes, path: error.path } : {};
  const tell = (code: ErrorCode, message: string) => new GraphQLError(message, { ...at, extensions: { code } });
  if (original instanceof ApiError) {
    return { told: new GraphQLError(original.message, { ...at, extensions: original.extensions }), unexpected: false };
  }
  if (original instanceof AppendUnknown) {
    const message =
      'The log did not say whether it stored this. Send the same again: with the same ids it is stored once.';
    return { told: tell('UNAVAILABLE', message), unexpected: true };
  }
  if (original instanceof LogUnavailable || original instanceof ReadModelsUnavailable) {
    return { told: tell('UNAVAILABLE', 'A store is unavailable; nothing was changed. Try again.'), unexpected: true };
  }
  if (original instanceof UndecodableEvent) {
    const told = new GraphQLError(groupHalted, { ...at, extensions: { code: 'UNAVAILABLE', reason: 'halted' } });
    return { told, unexpected: true };
  }
  // What is left of GraphQLErrors is the document's own: syntax, validation, coercion of variables.
  if (original instanceof GraphQLError)
    return { told: tell('BAD_INPUT', shortened(original.message)), unexpected: false };
  return { told: tell('UNAVAILABLE', 'Something unexpected went wrong here; it was logged.'), unexpected: true };
}

const maximumMessageLength = 500;

/** GraphQL repeats what it does not understand, which may be megabytes. */
function shortened(message: string): string {
  return message.length <= maximumMessageLength ? message : `${message.slice(0, maximumMessageLength)}…`;
}

/** GraphQL wraps what a resolver has thrown to say where; here is what it threw. */
function origin(error: unknown): unknown {
  let inner = error;
  while (inner instanceof GraphQLError && !(inner instanceof ApiError)) {
    const wrapped: unknown = inner.originalError ?? inner.cause;
    if (wrapped === undefined || wrapped === null) return inner;
    inner = wrapped;
  }
  return inner;
}

/** A document's own errors carry codes of GraphQL's; clients are promised a closed list. */
export function withClosedCode(error: GraphQLError): GraphQLError {
  const { code } = error.extensions;
  if (errorCodes.some((known) => known === code)) return error;
  const { message, nodes, source, positions, path } = error;
  return new GraphQLError(shortened(message), {
    nodes,
    source,
    positions,
    path,
    extensions: { ...error.extensions, code: 'BAD_INPUT' },
  });
}
