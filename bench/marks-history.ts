import { createRandom } from './random.ts';

/** The group of row S6: how many members it has, how many messages, and where everybody has read up to. */
export const members = 10_000;
export const messages = 1_000_000;
export const pageSize = 50;

/** Half of the members have read nearly everything, the others stopped anywhere. By index of the member. */
export function finalMarks(): readonly number[] {
  const random = createRandom();
  return Array.from({ length: members }, (_, index) =>
    index % 2 === 0 ? messages - Math.floor(random() ** 2 * 10_000) : 1 + Math.floor(random() * messages),
  );
}

/** The first messages of so many pages: half of them among the newest 1,000 messages, half anywhere. */
export function countedPages(pages: number): readonly number[] {
  const random = createRandom(pages);
  return Array.from({ length: pages }, (_, index) => {
    const range = index % 2 === 0 ? 1_000 : messages;
    return messages - pageSize + 1 - Math.floor(random() * (range - pageSize));
  });
}
