import { GraphQLError, type GraphQLErrorOptions } from 'graphql';
import type { Refusal, TextFault } from '../commands/refusal.ts';
import type { DeliveryRefusal } from '../delivery/delivery-refusal.ts';
import { UndecodableEvent } from '../events/codec.ts';
import { AppendUnknown, LogUnavailable } from '../ports/event-log.ts';
import { GroupHalted } from '../ports/halted-groups.ts';
import { ReadModelsUnavailable } from '../ports/read-model-faults.ts';
import { MomentPassed } from '../ports/read-moment.ts';
import { codeOf, type ErrorCode, isErrorCode, type RefusalReason } from './refusal-reasons.ts';

/** An error that a client is meant to read. Every other error is masked and logged. */
export class ApiError extends GraphQLError {
  readonly code: ErrorCode;
  readonly reason: RefusalReason;

  constructor(
    reason: RefusalReason,
    message: string,
    extensions: Readonly<Record<string, unknown>> = {},
    at: Pick<GraphQLErrorOptions, 'nodes' | 'path'> = {},
  ) {
    const code = codeOf(reason);
    super(message, { ...at, extensions: { ...extensions, code, reason } });
    this.code = code;
    this.reason = reason;
  }
}

/** A group that one may not see is like one that is not there: the same code and the same words. */
export const groupNotFound = (): ApiError =>
  new ApiError('GROUP_NOT_FOUND', 'There is no such group, or you may not see it.');

const groupHalted = 'This group is halted: its log holds an event that cannot be read.';

/** Whatever the rooms behind the API refuse with. */
export type AnyRefusal = Refusal | DeliveryRefusal;

const tokenReasons = { missing: 'TOKEN_MISSING', invalid: 'TOKEN_INVALID', expired: 'TOKEN_EXPIRED' } as const;

const textReasons = {
  empty: 'TEXT_EMPTY',
  'too-long': 'TEXT_TOO_LONG',
  'ill-formed': 'TEXT_ILL_FORMED',
  invisible: 'TEXT_INVISIBLE',
  'hidden-characters': 'NAME_HIDES_CHARACTERS',
  'open-direction': 'TEXT_LEAVES_DIRECTION_OPEN',
  'not-an-emoji': 'NOT_AN_EMOJI',
} as const satisfies Readonly<Record<TextFault, RefusalReason>>;

/** The one table from refusals to reasons, and with them to codes. */
export function refusalError(refusal: AnyRefusal): ApiError {
  switch (refusal.kind) {
    case 'group-not-found':
      return groupNotFound();
    case 'group-exists':
      return new ApiError('GROUP_ID_TAKEN', 'The group’s id is taken.');
    case 'no-longer-a-member':
      return new ApiError('NO_LONGER_A_MEMBER', 'You are no longer a member of this group.');
    case 'forbidden':
      return new ApiError('ROLE_NOT_ENOUGH', `This needs ${refusal.needs}.`);
    case 'target-not-a-member':
      return new ApiError('MEMBER_NOT_FOUND', `${refusal.userId} is not a member of this group.`);
    case 'last-owner':
      return new ApiError('LAST_OWNER', 'A group keeps at least one owner: make somebody else an owner first.');
    case 'last-member':
      return new ApiError(
        'LAST_MEMBER',
        'You are the only member, and so its owner. The way out is to leave: leaveGroup.',
      );
    case 'message-not-found':
      return new ApiError('MESSAGE_NOT_FOUND', 'There is no such message in this group.');
    case 'group-halted':
      return new ApiError('GROUP_HALTED', groupHalted);
    case 'message-deleted':
      return new ApiError('MESSAGE_DELETED', 'The message is deleted.');
    case 'message-id-taken':
      return new ApiError('MESSAGE_ID_TAKEN', 'The message’s id is taken by a message with other content.');
    case 'command-id-taken':
      return new ApiError('COMMAND_ID_TAKEN', 'You have used this commandId for something else.');
    case 'beyond-newest':
      return new ApiError('MARK_BEYOND_NEWEST', `upTo is beyond the newest message, which is ${refusal.lastSeq}.`, {
        lastSeq: refusal.lastSeq,
      });
    case 'too-busy':
      return new ApiError('TOO_BUSY', 'Too many commands are waiting. Nothing was changed: try again.');
    case 'bad-value':
      return new ApiError(
        refusal.fault ? textReasons[refusal.fault] : 'VALUE_INVALID',
        `${refusal.field} ${refusal.problem}.`,
        { field: refusal.field },
      );
    case 'unauthenticated':
      return new ApiError(tokenReasons[refusal.token], refusal.problem);
    case 'behind':
      return new ApiError('READ_MODELS_BEHIND', 'The read models have not reached that position yet. Try again.', {
        checkpoint: String(refusal.checkpoint),
        wanted: String(refusal.wanted),
      });
    case 'position-not-reached':
      return new ApiError(
        'POSITION_NOT_REACHED',
        `atLeast is not a position of this log, which ends at ${refusal.end}.`,
        {
          end: String(refusal.end),
        },
      );
    case 'version-not-reached':
      return new ApiError(
        'VERSION_NOT_REACHED',
        `afterVersion is not a version of this group, which is at ${refusal.newest}.`,
        {
          version: refusal.newest,
        },
      );
    default:
      return refusal satisfies never;
  }
}

/** What a client is told of an error that a resolver threw. */
export interface ClientError {
  readonly told: GraphQLError;
  /** What the log is told: of a refusal nothing, of what passes or is known that it is met, of anything else all. */
  readonly cause: { readonly kind: 'refusal' } | { readonly kind: 'known' | 'defect'; readonly error: Error };
}

export function clientError(error: unknown): ClientError {
  const original = origin(error);
  const { nodes, source, positions, path } = error instanceof GraphQLError ? error : ({} as Partial<GraphQLError>);
  const at = { nodes, source, positions, path };
  const tell = (reason: RefusalReason, message: string) => new ApiError(reason, message, {}, at);
  const refusal = { kind: 'refusal' } as const;
  if (original instanceof ApiError) {
    return { told: new GraphQLError(original.message, { ...at, extensions: original.extensions }), cause: refusal };
  }
  if (original instanceof AppendUnknown) {
    const message =
      'The log did not say whether it stored this. Send the same again: with the same ids it is stored once.';
    return { told: tell('OUTCOME_UNKNOWN', message), cause: { kind: 'known', error: original } };
  }
  if (original instanceof MomentPassed) {
    const message = 'What was to be shown changed faster than it could be read. Try again.';
    return { told: tell('MOMENT_PASSED', message), cause: refusal };
  }
  if (original instanceof LogUnavailable || original instanceof ReadModelsUnavailable) {
    const message = 'A store is unavailable; nothing was changed. Try again.';
    return { told: tell('STORE_UNAVAILABLE', message), cause: { kind: 'known', error: original } };
  }
  if (original instanceof UndecodableEvent) {
    // That a group is halted was told when it was.
    const cause = { kind: original instanceof GroupHalted ? 'known' : 'defect', error: original } as const;
    return { told: tell('GROUP_HALTED', groupHalted), cause };
  }
  // What is left of GraphQLErrors is the document's own: syntax, validation, coercion of variables; or yoga's of the request.
  if (original instanceof GraphQLError) {
    const reason = isOfRequest(original) ? 'REQUEST_UNREADABLE' : 'DOCUMENT_INVALID';
    return { told: tell(reason, shortened(wordsOf(error, original))), cause: refusal };
  }
  const defect = original instanceof Error ? original : new Error(String(original));
  const told = tell('UNEXPECTED', 'Something unexpected went wrong here; it was logged.');
  return { told, cause: { kind: 'defect', error: defect } };
}

/** Yoga gives a status to what it says of a request in which it has found no document; only documents have places. */
const isOfRequest = ({ source, nodes, extensions }: GraphQLError): boolean =>
  source === undefined &&
  nodes === undefined &&
  extensions['http'] !== undefined &&
  extensions['code'] !== 'OPERATION_RESOLUTION_FAILURE';

/** GraphQL wraps what a scalar says of a value to say which variable it came in; a resolver's words stand by themselves. */
const wordsOf = (error: unknown, original: GraphQLError): string =>
  error instanceof GraphQLError ? error.message : original.message;

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
  if (isErrorCode(code)) return error;
  const { message, nodes, source, positions, path } = error;
  return new GraphQLError(shortened(message), {
    nodes,
    source,
    positions,
    path,
    extensions: { ...error.extensions, code: 'BAD_INPUT', reason: 'DOCUMENT_INVALID' },
  });
}
