import type { GroupRow, MessageRow } from '../../ports/rows.ts';
import type { RequestContext } from '../context.ts';
import { decodeNumberCursor, encodeCursor, type ListName } from '../cursor.ts';
import { ApiError } from '../error-table.ts';
import { forMember } from '../for-member.ts';
import { besidePage, type Connection, type PageArguments, pageRange, pageSize, type Range } from './connection.ts';

const byDefault = 50;

export interface TimelineArguments extends PageArguments {
  readonly around?: number | null | undefined;
}

/** Every seq from 1 to the newest is a message, so a page's bounds are arithmetic. */
export async function timelinePage(
  { groupId, lastSeq }: Pick<GroupRow, 'groupId' | 'lastSeq'>,
  { around, ...page }: TimelineArguments,
  context: RequestContext,
): Promise<Connection<MessageRow>> {
  const list: ListName = ['timeline', groupId];
  const { first, last, after, before } = page;
  const ends = { after: decodeNumberCursor(list, after), before: decodeNumberCursor(list, before) };
  const range =
    around === undefined || around === null
      ? pageRange(lastSeq, { first, last, ...ends }, byDefault)
      : rangeAround(lastSeq, around, page);
  const rows = await forMember(context, groupId, () => timelineRows(context, groupId, range));
  return {
    edges: rows.map((node) => ({ cursor: encodeCursor(list, node.seq), node })),
    ...besidePage(range, lastSeq),
  };
}

/**
 * The page with a message in its middle, as long as there is as much on either side: near an end of the list it is shifted,
 * and as long as any other. Beyond the newest message it is the newest page: a link may be newer than what is shown.
 */
export function rangeAround(newest: number, seq: number, { first, ...others }: PageArguments): Range {
  const refused = Object.entries(others).find(([, value]) => value !== undefined && value !== null);
  if (refused !== undefined) {
    const message = 'around goes with first, which is how long the page is in all, and with nothing else.';
    throw new ApiError('VALUE_INVALID', message, { field: refused[0] });
  }
  if (seq < 1) throw new ApiError('VALUE_INVALID', 'around must be a seq: 1 or more.', { field: 'around' });
  const size = pageSize('first', first, byDefault);
  const to = Math.min(newest, Math.max(size, seq + Math.floor(size / 2)));
  return { from: Math.max(1, to - size + 1), to };
}

async function timelineRows({ services }: RequestContext, groupId: string, { from, to }: Range) {
  const page = { fromSeq: from, toSeq: to, limit: to - from + 1, last: false };
  return page.limit < 1 ? [] : services.messages.timelinePage(groupId, page);
}
