import { DatabaseSync } from 'node:sqlite';
import type { StoredReadCounts } from '../../../src/ports/row-store.ts';

/** What a group's row of `read_counts` says: `ranges` is three little-endian 32-bit integers a range. */
export function storedReadCounts(file: string, groupId: string): StoredReadCounts | undefined {
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    const row = database
      .prepare('SELECT c.position, c.ranges FROM read_counts c JOIN groups USING (group_key) WHERE group_id = ?')
      .get(groupId);
    if (row === undefined) return undefined;
    const { buffer, byteOffset, byteLength } = row['ranges'] as Uint8Array;
    const view = new DataView(buffer, byteOffset, byteLength);
    const ranges = Array.from({ length: byteLength / 12 }, (_, index) => ({
      fromSeq: view.getInt32(index * 12, true),
      toSeq: view.getInt32(index * 12 + 4, true),
      readCount: view.getInt32(index * 12 + 8, true),
    }));
    return { groupId, position: Number(row['position']), ranges };
  } finally {
    database.close();
  }
}
