import type { ReadModels } from '../../src/ports/read-models.ts';
import type { ReactionKey } from '../../src/ports/rows.ts';

/** Of all read models together, so that two of the same rows differ. */
let calls = 0;

/**
 * The same read models, whose rows come in another order at every call wherever the port promises none: what relies on
 * one fails here, and not only on the server that has another.
 */
export function inAnyOrder(readModels: ReadModels): ReadModels {
  const turned = <Row>(rows: readonly Row[]): readonly Row[] => {
    calls += 1;
    // Knuth's multiplicative hash: what is called equally often in two rounds is not turned equally in both.
    const turn = Math.imul(calls, 2_654_435_761) >>> 8;
    const start = turn % Math.max(1, rows.length);
    const rotated = [...rows.slice(start), ...rows.slice(0, start)];
    return turn % 8 < 4 ? rotated : rotated.reverse();
  };
  return {
    ...readModels,
    groups: async (...asked) => turned(await readModels.groups(...asked)),
    async groupSnapshot(groupId) {
      const snapshot = await readModels.groupSnapshot(groupId);
      return snapshot && { ...snapshot, members: turned(snapshot.members) };
    },
    members: async (...asked) => turned(await readModels.members(...asked)),
    messages: async (...asked) => turned(await readModels.messages(...asked)),
    messagesBySeq: async (...asked) => turned(await readModels.messagesBySeq(...asked)),
    unreadGroups: async (...asked) => turned(await readModels.unreadGroups(...asked)),
    mentionCounts: async (...asked) => turned(await readModels.mentionCounts(...asked)),
    ownReactions: async (...asked) => turned(await readModels.ownReactions(...asked)),
    acceptedCommands: async (...asked) => turned(await readModels.acceptedCommands(...asked)),
    reactions: async (...asked) => turned(await readModels.reactions(...asked)),
    // In order only under each message.
    async reactionCounts(keys) {
      const counts = await readModels.reactionCounts(keys);
      const places = turned([...new Set(counts.map(({ groupId, seq }) => `${groupId} ${seq}`))]);
      return counts.toSorted(
        (a, b) => places.indexOf(`${a.groupId} ${a.seq}`) - places.indexOf(`${b.groupId} ${b.seq}`),
      );
    },
    // In order only behind each reaction.
    async reactionMembers(...asked) {
      const rows = await readModels.reactionMembers(...asked);
      const keyOf = ({ groupId, seq, emoji }: ReactionKey): string => `${groupId} ${seq} ${emoji}`;
      const keys = turned([...new Set(rows.map(keyOf))]);
      return rows.toSorted((a, b) => keys.indexOf(keyOf(a)) - keys.indexOf(keyOf(b)));
    },
  };
}
