import { namePrefix } from '../../ports/name-keys.ts';
import type { GroupRow, MemberRow, NamedMember } from '../../ports/rows.ts';
import type { RequestContext } from '../context.ts';
import { decodeTextCursor, type ListName } from '../cursor.ts';
import { ApiError } from '../error-table.ts';
import { forMember } from '../for-member.ts';
import { type Connection, forwardPage, type PageArguments, pageSize } from './connection.ts';
import { keyedPage } from './keyed-page.ts';
import type { MemberNode } from './types.ts';

export const membersByDefault = 50;
const longestQuery = 200;

interface MembersArguments extends PageArguments {
  readonly query?: string | null | undefined;
}

/** All of a group's members by user id, or those by name whom somebody has begun to name. */
export async function membersPage(
  { groupId }: GroupRow,
  { query, ...page }: MembersArguments,
  context: RequestContext,
): Promise<Connection<MemberNode>> {
  // Whoever has typed nothing yet is shown everybody.
  if (query !== undefined && query !== null && query.trim() !== '') return byName(groupId, query, page, context);
  const { readModels } = context.services;
  return keyedPage<MemberRow, MemberNode>(
    {
      list: ['members', groupId],
      read: (range) => forMember(context, groupId, () => readModels.membersPage(groupId, range)),
      keyOf: ({ userId }) => userId,
      nodeOf: (row) => row,
    },
    page,
    membersByDefault,
  );
}

async function byName(
  groupId: string,
  query: string,
  { first, after, last, before }: PageArguments,
  context: RequestContext,
): Promise<Connection<MemberNode>> {
  if (query.length > longestQuery) {
    throw new ApiError('VALUE_INVALID', `query is longer than ${longestQuery} characters.`, { field: 'query' });
  }
  if ((last ?? before ?? null) !== null) {
    const message = 'Members by name are read forwards: query goes with first and after.';
    throw new ApiError('VALUE_INVALID', message, { field: last === null || last === undefined ? 'before' : 'last' });
  }
  const prefix = namePrefix(query);
  const list: ListName = ['members', groupId, prefix];
  const { readModels } = context.services;
  return forwardPage<NamedMember, string, MemberNode>(
    {
      list,
      read: (key, limit) =>
        forMember(context, groupId, () => readModels.membersByName(groupId, prefix, splitKey(key), limit)),
      keyOf: ({ nameKey, member }) => `${member.userId} ${nameKey}`,
      nodeOf: ({ member }) => member,
    },
    { size: pageSize('first', first, membersByDefault), after: decodeTextCursor(list, after) },
  );
}

/** A user id holds no white space, and a key of a name may. */
function splitKey(key: string | undefined): { readonly userId: string; readonly nameKey: string } | undefined {
  if (key === undefined) return undefined;
  const space = key.indexOf(' ');
  return { userId: key.slice(0, space), nameKey: key.slice(space + 1) };
}
