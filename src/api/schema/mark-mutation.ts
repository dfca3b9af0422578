import type { RequestContext } from '../context.ts';
import { ApiError, refusalError } from '../error-table.ts';
import type { ErrorCode, RefusalReason } from '../refusal-reasons.ts';
import { builder } from './builder.ts';
import { malformedId } from './check-arguments.ts';
import { costing } from './field-cost.ts';
import { inputDescription, MarkReadUpToInput } from './inputs.ts';
import { positionDescription } from './payloads.ts';
import { errorCodeEnum, refusalReasonEnum } from './types.ts';

interface MarkResult {
  readonly groupId: string;
  readonly markedUpTo: number;
  readonly position: number;
}

interface MarkRefusal {
  readonly groupId: string;
  readonly code: ErrorCode;
  readonly reason: RefusalReason;
  readonly message: string;
}

interface MarkPayload {
  readonly position: number;
  readonly marks: readonly MarkResult[];
  readonly refusals: readonly MarkRefusal[];
}

const markResult = builder.objectRef<MarkResult>('MarkResult').implement({
  description: 'A mark that was accepted.',
  fields: (t) => ({
    groupId: t.exposeID('groupId', { description: 'The group that it is of.' }),
    markedUpTo: t.exposeInt('markedUpTo', {
      description:
        'How far the caller has read: never lower than before, and what their own messages have moved it to is in it.',
    }),
  }),
});

const markRefusal = builder.objectRef<MarkRefusal>('MarkRefusal').implement({
  description: 'A mark that was refused, which keeps no other from being stored.',
  fields: (t) => ({
    groupId: t.exposeID('groupId', { description: 'As the mark gave it.' }),
    code: t.expose('code', { type: errorCodeEnum, description: 'As in extensions.code of an error.' }),
    reason: t.expose('reason', { type: refusalReasonEnum, description: 'As in extensions.reason of an error.' }),
    message: t.exposeString('message', { description: 'A sentence for whoever writes the client.' }),
  }),
});

const markPayload = builder.objectRef<MarkPayload>('MarkPayload').implement({
  description: 'What became of each mark.',
  fields: (t) => ({
    position: t.expose('position', { type: 'Position', description: positionDescription }),
    // One for each mark, and each mark of a request is paid for by itself: see limit-rates.ts. Nearly always there is one.
    marks: t.field({
      type: [markResult],
      description: 'Those that were accepted, also where they changed nothing.',
      extensions: costing({ items: 1 }),
      resolve: ({ marks }) => marks,
    }),
    refusals: t.field({
      type: [markRefusal],
      description: 'Those that were refused.',
      extensions: costing({ items: 1 }),
      resolve: ({ refusals }) => refusals,
    }),
  }),
});

type Refused = MarkRefusal & { readonly error: ApiError };

export const maximumMarks = 100;

builder.mutationField('markReadUpTo', (t) =>
  t.field({
    type: markPayload,
    nullable: true,
    description:
      'Moves the caller’s marks forward; a mark that does not advance is accepted and changes nothing. A refused mark keeps no other from being stored: it is listed, and is an error only when every mark is refused.',
    args: { input: t.arg({ type: MarkReadUpToInput, required: true, description: inputDescription }) },
    resolve: async (_, { input }, context) => {
      const { marks } = input;
      const commandId = input.commandId ?? context.services.newId();
      context.viewer();
      if (marks.length === 0 || marks.length > maximumMarks) {
        throw new ApiError('VALUE_INVALID', `marks must be 1 to ${maximumMarks}.`, { field: 'marks' });
      }
      const answers = await Promise.all(marks.map((one) => mark(context, one, commandId)));
      const accepted = answers.filter((answer): answer is MarkResult => !('error' in answer));
      const refused = answers.filter((answer): answer is Refused => 'error' in answer);
      const first = refused[0];
      if (accepted.length === 0 && first !== undefined) throw first.error;
      const position = Math.max(...accepted.map((answer) => answer.position));
      return { marks: onePerGroup(accepted), refusals: refused, position };
    },
  }),
);

/** Marks only move forward: of several of one group the furthest is where it stands. */
function onePerGroup(accepted: readonly MarkResult[]): readonly MarkResult[] {
  const furthest = new Map<string, MarkResult>();
  for (const result of accepted) {
    const standing = furthest.get(result.groupId);
    if (standing === undefined || result.markedUpTo > standing.markedUpTo) furthest.set(result.groupId, result);
  }
  return [...furthest.values()];
}

async function mark(
  { services, viewer }: RequestContext,
  { groupId, upTo }: { readonly groupId: string; readonly upTo: number },
  commandId: string,
): Promise<MarkResult | Refused> {
  const malformed = malformedId('groupId', groupId);
  if (malformed !== undefined) return refusedWith(groupId, malformed);
  const actorId = viewer().userId;
  const handled = await services.commands.handleMark(groupId, {
    type: 'MarkReadUpTo',
    groupId,
    upTo,
    commandId,
    actorId,
    at: new Date(services.now()).toISOString(),
  });
  if ('refused' in handled) return refusedWith(groupId, refusalError(handled.refused));
  return { groupId, markedUpTo: handled.markedUpTo, position: handled.position };
}

const refusedWith = (groupId: string, error: ApiError): Refused => ({
  groupId,
  code: error.code,
  reason: error.reason,
  message: error.message,
  error,
});
