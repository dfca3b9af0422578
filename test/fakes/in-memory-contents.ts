import type { BuildContents, ContentsRow } from '../../src/ports/read-model-builds.ts';
import { type BuildRows, type GroupRows, padded } from './in-memory-rows.ts';

/** What a build holds, row by row. `rows` throws where the build is gone. */
export function createInMemoryContents(rows: () => BuildRows): BuildContents {
  return {
    groupIds: async (afterGroupId, limit) =>
      [...rows().groups.keys()]
        .filter((groupId) => afterGroupId === undefined || groupId > afterGroupId)
        .sort()
        .slice(0, limit),
    group: async (groupId) => {
      const stored = rows().groups.get(groupId);
      if (stored === undefined) return undefined;
      // Rows are replaced and never changed, so these lists are of one moment.
      const all = contentsOf(stored);
      return {
        group: stored.group,
        async *rows() {
          for (const row of all) {
            rows();
            yield row;
          }
        },
      };
    },
    close: async () => undefined,
  };
}

function contentsOf(stored: GroupRows): readonly ContentsRow[] {
  const list = <Row extends object>(kind: ContentsRow['kind'], entries: ReadonlyMap<string | number, Row>) =>
    [...entries]
      .map(([key, row]): ContentsRow => ({ kind, key: typeof key === 'number' ? padded(key) : key, row }))
      .sort((a, b) => (a.key < b.key ? -1 : 1));
  return [
    ...list('command', stored.commands),
    ...list('mark', stored.marks),
    ...list('member', stored.members),
    ...list('mention', stored.mentions),
    ...list('mentionOfAll', stored.mentionsOfAll),
    ...list('message', stored.messages),
    ...list('reaction', stored.reactions),
    ...list('reactionCounts', stored.reactionCounts),
  ];
}
