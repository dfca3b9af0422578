import type { Position } from '../ports/event-log.ts';
import type { MessagePages, PeoplePages } from '../ports/pages.ts';
import type { MessageRow } from '../ports/rows.ts';

export interface OwnGroupsSearch {
  readonly readModels: Pick<PeoplePages, 'inboxPage'>;
  readonly messages: Pick<MessagePages, 'search'>;
  /** Those of the groups that may be shown: asked when something was found in them, and again for each page. */
  readonly visible: (groupIds: readonly string[]) => Promise<ReadonlySet<string>>;
  /** Resolves when it is this request's turn to read. */
  readonly turn: () => Promise<void>;
}

/** Of somebody who is in more groups than that, those with the newest messages are searched. */
export const maximumSearchedGroups = 1_000;
const groupsPerPage = 200;
const groupsPerSearch = 50;

/**
 * Messages of somebody's own groups that hold all the words, the newest first, before a position. The groups are searched in
 * the order of their newest messages, some at a time, and no further than where none can hold anything newer than what was
 * found: a common word takes a look into a few groups, a rare one into all. Throws what the ports throw.
 */
export async function searchOwnGroups(
  { readModels, messages, visible, turn }: OwnGroupsSearch,
  userId: string,
  text: string,
  { before, limit }: { readonly before: Position | undefined; readonly limit: number },
): Promise<readonly MessageRow[]> {
  let found: readonly MessageRow[] = [];

  /** Nothing of a group that is not visible takes the place of what is. */
  async function searchVisible(someIds: readonly string[]): Promise<readonly MessageRow[]> {
    let groupIds = someIds;
    for (;;) {
      const rows = await messages.search(groupIds, text, before, limit);
      const holding = [...new Set(rows.map(({ groupId }) => groupId))];
      const shown = await visible(holding);
      const hidden = new Set(holding.filter((groupId) => !shown.has(groupId)));
      if (hidden.size === 0) return rows;
      groupIds = groupIds.filter((groupId) => !hidden.has(groupId));
    }
  }

  let activity: Position | undefined;
  for (let searched = 0; searched < maximumSearchedGroups; searched += groupsPerPage) {
    await turn();
    const page = await readModels.inboxPage(userId, activity, groupsPerPage);
    for (let start = 0; start < page.length; start += groupsPerSearch) {
      const piece = page.slice(start, start + groupsPerSearch);
      const last = found[limit - 1];
      if (last !== undefined && last.sentPosition >= (piece[0]?.activityPosition ?? 0)) return found;
      await turn();
      const more = await searchVisible(piece.map(({ group }) => group.groupId));
      found = [...found, ...more].sort((a, b) => b.sentPosition - a.sentPosition).slice(0, limit);
    }
    if (page.length < groupsPerPage) break;
    activity = page.at(-1)?.activityPosition;
  }
  return found;
}
