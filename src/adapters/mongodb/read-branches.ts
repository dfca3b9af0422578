import { chunksOf } from './document-writes.ts';

const branchesPerQuery = 50;
/** How many documents of a branch are read in the hope that there are no more. */
const usualLength = 10;

interface Reads<Branch, Document> {
  /** At most `atMost` documents of any of these, in any order. */
  readonly together: (some: readonly Branch[], atMost: number) => Promise<readonly Document[]>;
  /** The first `limit` of one. */
  readonly alone: (one: Branch, limit: number) => Promise<readonly Document[]>;
}

/**
 * The documents of several lists, at most `limit` of each or a few more, of which most are short. Many lists are read in one
 * query. Where they were so long that not all came, each half of them is read, until a long one is read by itself, no
 * further than is wanted of it: so what is read is bounded, and no list is cut short by another.
 */
export async function readBranches<Branch, Document>(
  branches: readonly Branch[],
  limit: number,
  { together, alone }: Reads<Branch, Document>,
): Promise<readonly Document[]> {
  async function read(some: readonly Branch[]): Promise<readonly Document[]> {
    const [first] = some;
    if (first === undefined) return [];
    if (some.length === 1) return alone(first, limit);
    const atMost = some.length * Math.min(limit, usualLength);
    const found = await together(some, atMost);
    if (found.length < atMost) return found;
    const middle = Math.ceil(some.length / 2);
    return [...(await read(some.slice(0, middle))), ...(await read(some.slice(middle)))];
  }
  return (await Promise.all([...chunksOf(branches, branchesPerQuery)].map(read))).flat();
}
