import { maximumSearchedGroups, searchOwnGroups } from '../../delivery/search-own-groups.ts';
import type { MessageRow } from '../../ports/rows.ts';
import type { RequestContext } from '../context.ts';
import { decodeNumberCursor, type ListName } from '../cursor.ts';
import { ApiError } from '../error-table.ts';
import { forMember } from '../for-member.ts';
import { requireNothingRefused } from '../refused.ts';
import { builder } from './builder.ts';
import { type Connection, forwardPage, type PageArguments, pageSize } from './connection.ts';
import { atLeastArgument, forwardArguments } from './connection-arguments.ts';
import { costing } from './field-cost.ts';
import { messageConnection } from './types.ts';
import { dependsOnViewer } from './viewer-fields.ts';

const byDefault = 20;
const longestText = 200;

builder.queryField('search', (t) =>
  t.field({
    type: messageConnection,
    nullable: true,
    description:
      'Messages that hold every word, newest first, without regard to case or accents: whole words, and in scripts without spaces whatever is inside. Words "in quotes" stand next to each other; begin* finds what begins so, from three letters on; emoji are found as well. Depends on the viewer.',
    args: {
      text: t.arg.string({ required: true, description: `Words, in any order; at most ${longestText} characters.` }),
      groupId: t.arg.id({
        description: `The group to search; all of the caller’s own if not given, the ${maximumSearchedGroups} with the newest messages.`,
      }),
      ...forwardArguments(byDefault),
      ...atLeastArgument(),
    },
    extensions: { ...costing({ own: 100, page: { sizes: ['first'], byDefault } }), ...dependsOnViewer },
    resolve: search,
  }),
);

interface SearchArguments extends Pick<PageArguments, 'first' | 'after'> {
  readonly text: string;
  readonly groupId?: string | null | undefined;
  readonly atLeast?: number | null | undefined;
}

async function search(
  _: unknown,
  { text, groupId, first, after, atLeast }: SearchArguments,
  context: RequestContext,
): Promise<Connection<MessageRow>> {
  const size = pageSize('first', first, byDefault);
  if (text.length > longestText) {
    throw new ApiError('VALUE_INVALID', `text is longer than ${longestText} characters.`, { field: 'text' });
  }
  const list: ListName = ['search', groupId ?? null, text];
  const { freshness, messages } = context.services;
  async function fresh<Answer>(read: () => Promise<Answer>): Promise<Answer> {
    requireNothingRefused(await freshness.atLeast(atLeast));
    return read();
  }
  const read = (before: number | undefined, limit: number) =>
    groupId === undefined || groupId === null
      ? fresh(() => ofOwnGroups(text, { before, limit }, context))
      : forMember(context, groupId, () => fresh(() => messages.search([groupId], text, before, limit)));
  const page = { size, after: decodeNumberCursor(list, after) };
  return forwardPage({ list, read, keyOf: ({ sentPosition }) => sentPosition, nodeOf: (row) => row }, page);
}

/** In points, for each look into up to fifty groups. Measured: 50 to 80 µs a group. */
const pointsPerLook = 500;

function ofOwnGroups(
  text: string,
  page: { readonly before: number | undefined; readonly limit: number },
  context: RequestContext,
): Promise<readonly MessageRow[]> {
  const viewer = context.viewer();
  const { readModels, messages } = context.services;
  const search: typeof messages.search = (...asked) => {
    context.rates.take('points', pointsPerLook);
    return messages.search(...asked);
  };
  const visible = (groupIds: readonly string[]) => context.policy.visible(viewer, groupIds);
  const options = { readModels, messages: { search }, visible, turn: context.turns.next };
  return searchOwnGroups(options, viewer.userId, text, page);
}
