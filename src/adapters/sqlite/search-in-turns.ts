import { setImmediate as yieldToOthers } from 'node:timers/promises';
import type { Position } from '../../ports/event-log.ts';
import type { MessagePages } from '../../ports/pages.ts';
import type { MessageRow } from '../../ports/rows.ts';
import { parseSearch, type Search } from '../../ports/search-query.ts';

/** So many messages at most are looked at before others have their turn: some ten milliseconds. */
const largestPage = 1_000;

/** The newest messages before a position that may hold what is looked for: at most `size`, newest first. */
export type SearchedPage = (
  groupIds: readonly string[],
  search: Search,
  before: Position,
  size: number,
) => readonly MessageRow[];

/**
 * The port's search. The index may know words of a text that was folded by another release, so every text that it gives is
 * looked at. Nearly always the first page is all; where few of a page hold what is looked for, the next one is larger. Each
 * page is read by `run`, which throws where nothing is to be read any more.
 */
export function searchInTurns(page: SearchedPage, run: <Answer>(read: () => Answer) => Answer): MessagePages['search'] {
  return async (groupIds, text, start = Number.MAX_SAFE_INTEGER, limit) => {
    const search = run(() => parseSearch(text));
    if (search === undefined) return [];
    const rows: MessageRow[] = [];
    let before = start;
    for (let size = limit; rows.length < limit; size = Math.min(2 * size, largestPage)) {
      const found = run(() => page(groupIds, search, before, size));
      for (const row of found) if (row.text !== null && rows.length < limit && search.isIn(row.text)) rows.push(row);
      if (found.length < size) break;
      before = found.at(-1)?.sentPosition ?? 0;
      if (rows.length < limit) await yieldToOthers();
    }
    return rows;
  };
}
