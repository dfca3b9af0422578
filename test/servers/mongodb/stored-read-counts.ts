import type { Db } from 'mongodb';
import type { StoredReadCounts } from '../../contract/read-models-contract.ts';

/** What a group's document in `read_counts` says. */
export async function storedReadCounts(database: Db, groupId: string): Promise<StoredReadCounts | undefined> {
  const found = await database
    .collection<StoredReadCounts & { _id: string }>('read_counts')
    .findOne({ _id: groupId }, { projection: { _id: 0, position: 1, ranges: 1 } });
  return found ?? undefined;
}
