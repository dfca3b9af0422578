import type { Document } from 'mongodb';
import type { WireCommand } from './wire-proxy.ts';

/**
 * What each collection is sharded by: everything of a group lies on one shard. Of groups themselves the group's id is
 * `_id`.
 */
const shardKeys: Readonly<Record<string, string>> = {
  ...{ groups: '_id', read_counts: 'groupId' },
  ...{ timeline: 'groupId', memberships: 'groupId', marks: 'groupId', reactions: 'groupId' },
  ...{ reaction_counts: 'groupId', mentions: 'groupId', mentions_of_all: 'groupId', commands: 'groupId' },
  ...{ member_names: 'groupId' },
};

/** What is asked of every shard because which groups it is about is the question itself. */
const asksForGroups: Readonly<Record<string, readonly string[]>> = {
  memberships: ['userId'],
  groups: ['haltedAt', 'uncounted'],
};

/** What of a command goes to every shard, though it is about some groups only. */
export function withoutShardKey({ name, collection, body }: WireCommand): readonly Document[] {
  const shardKey = shardKeys[collection];
  if (shardKey === undefined) return [];
  if (name === 'insert') return ((body['documents'] ?? []) as Document[]).filter((one) => !(shardKey in one));
  const isAskingForGroups = (filter: Document): boolean =>
    name === 'find' && (asksForGroups[collection] ?? []).some((field) => field in filter);
  return filtersOf(name, body).filter((filter) => !isBoundBy(shardKey, filter) && !isAskingForGroups(filter));
}

function filtersOf(name: string, body: Document): readonly Document[] {
  const all: Readonly<Record<string, () => readonly Document[]>> = {
    find: () => [body['filter'] ?? {}],
    count: () => [body['query'] ?? {}],
    findAndModify: () => [body['query'] ?? {}],
    aggregate: () => [body['pipeline']?.[0]?.$match ?? {}],
    update: () => (body['updates'] as Document[]).map(({ q }) => q),
    delete: () => (body['deletes'] as Document[]).map(({ q }) => q),
  };
  return all[name]?.() ?? [];
}

/** Whether a condition on the field says on which shards to look: of several branches each has one. */
function isBoundBy(field: string, filter: Document): boolean {
  const condition: unknown = filter[field];
  const branches = filter['$or'] as readonly Document[] | undefined;
  const isList = typeof condition === 'object' && condition !== null && '$in' in condition;
  return typeof condition === 'string' || isList || branches?.every((branch) => isBoundBy(field, branch)) === true;
}
