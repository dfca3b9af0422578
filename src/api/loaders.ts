import DataLoader from 'dataloader';
import type { GroupSnapshots } from '../ports/group-snapshots.ts';
import type { MessagePages, PeoplePages } from '../ports/pages.ts';
import type { GroupRow, MemberRow, MessageRow, ReactionCount } from '../ports/rows.ts';
import { createListLoaders, type ListLoaders } from './list-loaders.ts';

/** What one answer's resolvers ask for one by one, and is read together. */
export interface Loaders {
  group(groupId: string): Promise<GroupRow | undefined>;
  member(groupId: string, userId: string): Promise<LoadedMember | undefined>;
  message(groupId: string, messageId: string): Promise<MessageRow | undefined>;
  /** With the message's own id, for whoever knows messages by that. */
  reactionCounts(groupId: string, seq: number, messageId?: string): Promise<readonly ReactionCount[]>;
}

export type LoadedMember = Pick<MemberRow, 'groupId' | 'userId' | 'name' | 'role' | 'active'>;

/** All of them. */
export interface AllLoaders extends Loaders, ListLoaders {}

interface Readers {
  readonly readModels: Pick<GroupSnapshots, 'groups'> & Pick<PeoplePages, 'members' | 'reactionCounts'>;
  readonly messages: Pick<MessagePages, 'messages'>;
}

// An id holds no white space, so a space can join two.
const joinKey = (groupId: string, rest: string | number): string => `${groupId} ${rest}`;

/** `isOneMoment`: what was read once is not read again. Otherwise nothing is kept beyond one batch. */
function createLoaders({ readModels, messages: shown }: Readers, isOneMoment: boolean): Loaders {
  const byId = { cache: isOneMoment };
  const groups = new DataLoader<string, GroupRow | undefined>(async (ids) => {
    const rows = new Map((await readModels.groups([...new Set(ids)])).map((row) => [row.groupId, row]));
    return ids.map((id) => rows.get(id));
  }, byId);
  const members = new DataLoader<readonly [groupId: string, userId: string], MemberRow | undefined, string>(
    (keys) => byGroup(keys, readModels.members, ({ groupId, userId }) => joinKey(groupId, userId)),
    { ...byId, cacheKeyFn: (key) => joinKey(...key) },
  );
  const messages = new DataLoader<readonly [groupId: string, messageId: string], MessageRow | undefined, string>(
    (keys) => byGroup(keys, shown.messages, ({ groupId, messageId }) => joinKey(groupId, messageId)),
    { ...byId, cacheKeyFn: (key) => joinKey(...key) },
  );
  const reactions = new DataLoader<readonly [groupId: string, seq: number], readonly ReactionCount[], string>(
    async (keys) => {
      const rows = await readModels.reactionCounts(keys.map(([groupId, seq]) => ({ groupId, seq })));
      const found = Map.groupBy(rows, ({ groupId, seq }) => joinKey(groupId, seq));
      return keys.map((key) => found.get(joinKey(...key)) ?? []);
    },
    { ...byId, cacheKeyFn: (key) => joinKey(...key) },
  );
  return {
    group: (groupId) => groups.load(groupId),
    member: (...key) => members.load(key),
    message: (...key) => messages.load(key),
    reactionCounts: (groupId, seq) => reactions.load([groupId, seq]),
  };
}

/** The rows of these keys, in their order, read one group after the other's at the same time. */
async function byGroup<Row>(
  keys: readonly (readonly [groupId: string, id: string])[],
  read: (groupId: string, ids: readonly string[]) => Promise<readonly Row[]>,
  keyOf: (row: Row) => string,
): Promise<(Row | undefined)[]> {
  const ofGroups = Map.groupBy(keys, ([groupId]) => groupId);
  const rows = await Promise.all(
    [...ofGroups].map(([groupId, own]) => read(groupId, [...new Set(own.map(([, id]) => id))])),
  );
  const found = new Map(rows.flat().map((row) => [keyOf(row), row]));
  return keys.map((key) => found.get(joinKey(...key)));
}

export const allLoaders = (
  { readModels, messages }: { readonly readModels: GroupSnapshots & PeoplePages; readonly messages: MessagePages },
  viewerId: () => string,
  isOneMoment: boolean,
): AllLoaders => ({
  ...createLoaders({ readModels, messages }, isOneMoment),
  ...createListLoaders({ people: readModels, messages, viewerId }),
});
