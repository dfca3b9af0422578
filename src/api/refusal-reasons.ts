/**
 * The two closed lists of a refused answer: `extensions.reason`, and the `extensions.code` that each reason is a kind of.
 * A client decides by the code, and may tell its user more by the reason.
 */
export const refusalReasons = {
  TOKEN_MISSING: ['UNAUTHENTICATED', 'No token came with the request.'],
  TOKEN_INVALID: ['UNAUTHENTICATED', 'What came is no token of this server’s: another try with it is in vain.'],
  TOKEN_EXPIRED: ['UNAUTHENTICATED', 'The token was good and is so no longer: get another.'],
  ROLE_NOT_ENOUGH: ['FORBIDDEN', 'The caller’s role in the group does not allow it.'],
  ORIGIN_NOT_ALLOWED: ['FORBIDDEN', 'Pages of this origin may not use the API.'],
  GROUP_NOT_FOUND: ['NOT_FOUND', 'There is no such group, or the caller may not see it.'],
  MESSAGE_NOT_FOUND: ['NOT_FOUND', 'The group holds no such message.'],
  MEMBER_NOT_FOUND: ['NOT_FOUND', 'The person whom it is about is not a member of the group.'],
  PATH_NOT_FOUND: ['NOT_FOUND', 'Nothing is at this path of the server.'],
  NO_LONGER_A_MEMBER: ['NOT_A_MEMBER', 'The caller was a member of the group and is not one now.'],
  REQUEST_UNREADABLE: ['BAD_INPUT', 'The request holds no GraphQL document that can be read, or says so wrongly.'],
  DOCUMENT_INVALID: ['BAD_INPUT', 'The document or its variables do not fit the language or the schema.'],
  DOCUMENT_TOO_LARGE: ['BAD_INPUT', 'The document is too long, too deep, too wide or too dear.'],
  DOCUMENT_NOT_KNOWN: [
    'BAD_INPUT',
    'Its hash stands for no document: it is not remembered, of another version, or of another document. The message says which.',
  ],
  VALUE_INVALID: ['BAD_INPUT', 'A value breaks a rule; `extensions.field` names its argument or input field.'],
  TEXT_EMPTY: ['BAD_INPUT', 'A text or name is empty, or white space only; `extensions.field` names it, as below.'],
  TEXT_TOO_LONG: ['BAD_INPUT', 'A text or name has too many characters.'],
  TEXT_ILL_FORMED: ['BAD_INPUT', 'A text or name holds half a surrogate pair.'],
  TEXT_INVISIBLE: ['BAD_INPUT', 'A text or name holds nothing that can be seen.'],
  NAME_HIDES_CHARACTERS: [
    'BAD_INPUT',
    'A name holds characters that cannot be seen, so that it looks like another one.',
  ],
  TEXT_LEAVES_DIRECTION_OPEN: ['BAD_INPUT', 'A text opens a direction of writing (UAX 9) and does not close it.'],
  NOT_AN_EMOJI: ['BAD_INPUT', 'A reaction is not one emoji that Unicode recommends for interchange.'],
  CURSOR_INVALID: ['BAD_INPUT', 'A cursor that was never given out, or is of another list.'],
  NODE_ID_INVALID: ['BAD_INPUT', 'What was given for a global id is none of this server’s.'],
  MARK_BEYOND_NEWEST: ['BAD_INPUT', 'A mark is beyond the newest message of its group.'],
  POSITION_NOT_REACHED: ['BAD_INPUT', '`atLeast` is beyond the end of the log: it is another log’s.'],
  VERSION_NOT_REACHED: ['BAD_INPUT', '`afterVersion` is beyond what the group’s stream holds: it is another log’s.'],
  GROUP_ID_TAKEN: ['CONFLICT', 'Another group has the id.'],
  MESSAGE_ID_TAKEN: ['CONFLICT', 'Another message of the group has the id.'],
  COMMAND_ID_TAKEN: ['CONFLICT', 'The caller has given another command under the id.'],
  LAST_OWNER: ['CONFLICT', 'A group keeps at least one owner.'],
  LAST_MEMBER: ['CONFLICT', 'The caller is the only member, and so its owner: all that is left to them is to leave.'],
  MESSAGE_DELETED: ['CONFLICT', 'The message is deleted.'],
  TOO_FAST: ['RATE_LIMITED', 'Too much in a short time; `extensions.retryAfterMilliseconds` says when to come back.'],
  TOO_MANY_AT_ONCE: ['RATE_LIMITED', 'Too many sockets, or requests on one connection, at the same time.'],
  READ_MODELS_BEHIND: ['BEHIND', 'The read models have not reached what was asked for in time: try again.'],
  MOMENT_PASSED: ['BEHIND', 'What was to be shown changed faster than it could be read: try again.'],
  GROUP_HALTED: ['UNAVAILABLE', 'The group’s log holds an event that cannot be read: trying again is in vain.'],
  TOO_BUSY: ['UNAVAILABLE', 'Too many commands are waiting. Nothing was changed: try again.'],
  NOT_SERVING: ['UNAVAILABLE', 'This process serves nothing now: try again, or another one.'],
  STORE_UNAVAILABLE: ['UNAVAILABLE', 'A store does not answer. Nothing was changed: try again.'],
  OUTCOME_UNKNOWN: [
    'UNAVAILABLE',
    'It may have been stored: send the same again, with the same ids it is stored once.',
  ],
  UNEXPECTED: ['UNAVAILABLE', 'Something that nobody has thought of went wrong; it is in the server’s log.'],
} as const satisfies Readonly<Record<string, readonly [code: string, meaning: string]>>;

export type RefusalReason = keyof typeof refusalReasons;
export type ErrorCode = (typeof refusalReasons)[RefusalReason][0];

export const codeOf = (reason: RefusalReason): ErrorCode => refusalReasons[reason][0];

/** What each code means to a client. */
export const errorCodes: Readonly<Record<ErrorCode, string>> = {
  UNAUTHENTICATED: 'Nobody is named by a valid token.',
  FORBIDDEN: 'The caller may not do this.',
  NOT_FOUND: 'It is not there, or the caller may not see it: the two look alike.',
  NOT_A_MEMBER: 'The caller, and nobody else, is no longer a member.',
  BAD_INPUT: 'What was sent is not in order: the same again is refused again.',
  CONFLICT: 'What is there already does not go with it.',
  RATE_LIMITED: 'Too much, or too many at once: later it may go.',
  BEHIND: 'What is to be shown has not reached what was asked for: try again.',
  UNAVAILABLE: 'The server cannot answer now.',
};

export const isErrorCode = (code: unknown): code is ErrorCode =>
  typeof code === 'string' && Object.hasOwn(errorCodes, code);
