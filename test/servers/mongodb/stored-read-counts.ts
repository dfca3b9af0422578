import type { Db } from 'mongodb';
import type { BuildId } from '../../../src/ports/read-model-builds.ts';
import type { StoredReadCounts } from '../../../src/ports/row-store.ts';

/** What a group's documents in `read_counts` say. */
export async function storedReadCounts(
  database: Db,
  build: BuildId,
  groupId: string,
): Promise<StoredReadCounts | undefined> {
  const found = await database
    .collection<StoredReadCounts & { block: number }>(`${build}_read_counts`)
    .find({ groupId })
    .sort({ block: 1 })
    .toArray();
  const position = found[0]?.position;
  return position === undefined ? undefined : { groupId, position, ranges: found.flatMap(({ ranges }) => ranges) };
}
