import type { PeoplePages } from '../../ports/pages.ts';
import type { ReactionKey, ReactionRow } from '../../ports/rows.ts';
import { stateAt, tooNew } from './commit-point.ts';
import type { Connection, ReadOptions } from './connection.ts';
import type { GroupDocument, ReactionDocument } from './documents.ts';
import type { GroupsToRead } from './group-reads.ts';
import { readBranches } from './read-branches.ts';
import { reactionId } from './row-documents.ts';

type Wanted = ReactionKey & { readonly afterUserId?: string | undefined };

/** Queries about who stands behind reactions. */
export function createReactionPeople(
  connection: Connection,
  reads: Pick<GroupsToRead, 'groups' | 'consistently'>,
): Pick<PeoplePages, 'reactionMembers' | 'ownReactions'> {
  const { collections, run } = connection;
  const groupsOf = (reactions: readonly ReactionKey[], options: ReadOptions) =>
    reads.groups([...new Set(reactions.map(({ groupId }) => groupId))], options);

  return {
    reactionMembers: (reactions, limit) =>
      reads.consistently(async (options) => {
        const groups = await groupsOf(reactions, options);
        const known = reactions.filter(({ groupId }) => groups.has(groupId));
        const documents = await documentsOf(connection, known, groups, { limit, options });
        const rows = rowsAt(documents, groups);
        if (rows === tooNew) return tooNew;
        rows.sort(byUserId);
        return [...Map.groupBy(rows, keyOf).values()].flatMap((own) => own.slice(0, limit));
      }),
    ownReactions: (userId, reactions) =>
      reads.consistently(async (options) => {
        const groups = await groupsOf(reactions, options);
        const ids = reactions.map((reaction) => reactionId({ ...reaction, userId }));
        const wanted = { _id: { $in: ids }, groupId: { $in: [...groups.keys()] } };
        const documents = await run(() => collections.reactions.find(wanted, options).toArray());
        const rows = rowsAt(documents, groups);
        return rows === tooNew ? tooNew : rows.map(({ groupId, seq, emoji }) => ({ groupId, seq, emoji }));
      }),
  };
}

const keyOf = ({ groupId, seq, emoji }: ReactionKey): string => `${groupId} ${seq} ${emoji}`;
const byUserId = (a: ReactionRow, b: ReactionRow): number => (a.userId < b.userId ? -1 : 1);

function rowsAt(
  documents: readonly ReactionDocument[],
  groups: ReadonlyMap<string, GroupDocument>,
): ReactionRow[] | typeof tooNew {
  const rows: ReactionRow[] = [];
  for (const document of documents) {
    const row = rowAt(document, groups);
    if (row === tooNew) return tooNew;
    if (row !== undefined) rows.push(row);
  }
  return rows;
}

/** Who stands there as of the group; undefined where nobody does. */
function rowAt(
  document: ReactionDocument,
  groups: ReadonlyMap<string, GroupDocument>,
): ReactionRow | undefined | typeof tooNew {
  const group = groups.get(document.groupId);
  const state = group && stateAt(document, group.appliedTo);
  if (state === undefined || state === tooNew) return state;
  const { groupId, seq, emoji, userId, present } = state;
  return present ? { groupId, seq, emoji, userId } : undefined;
}

/** Whoever took their reaction back keeps a document, so a list is read on until there are enough who did not. */
function documentsOf(
  { collections, run }: Connection,
  reactions: readonly Wanted[],
  groups: ReadonlyMap<string, GroupDocument>,
  { limit, options }: { readonly limit: number; readonly options: ReadOptions },
): Promise<readonly ReactionDocument[]> {
  const conditionOf = ({ groupId, seq, emoji, afterUserId = '' }: Wanted) => ({
    ...{ groupId, seq, emoji, userId: { $gt: afterUserId } },
  });

  async function alone(reaction: Wanted): Promise<readonly ReactionDocument[]> {
    const found: ReactionDocument[] = [];
    let standing = 0;
    let { afterUserId } = reaction;
    while (standing < limit) {
      const wanted = conditionOf({ ...reaction, afterUserId });
      const page = await run(() =>
        collections.reactions.find(wanted, options).sort({ userId: 1 }).limit(limit).toArray(),
      );
      found.push(...page);
      standing += page.filter((document) => rowAt(document, groups) !== undefined).length;
      if (page.length < limit) break;
      afterUserId = page.at(-1)?.userId;
    }
    return found;
  }

  return readBranches(reactions, limit, {
    together: (some, atMost) =>
      run(() =>
        collections.reactions
          .find({ $or: some.map(conditionOf) }, options)
          .limit(atMost)
          .toArray(),
      ),
    alone,
  });
}
