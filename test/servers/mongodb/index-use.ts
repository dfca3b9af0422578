import type { Collection, Db, Document } from 'mongodb';

/** A query as a client sent it. */
export interface FindCommand {
  readonly filter: Document;
  readonly sort: Document;
}

export type Keys = Readonly<Record<string, number | string>>;

/**
 * Whether an index of these keys answers a query without looking at other documents than those of one range of it a
 * value, and in the order that is asked for: fields of equality first, then those of the order, as the manual advises.
 * It is what a server without a planner to ask can be held to.
 */
export function isServedBy(keys: Keys, { filter, sort }: FindCommand): boolean {
  const { $or: branches, ...always }: Document = filter;
  if (branches !== undefined && !isServedBy(keys, { filter: always, sort })) {
    return (branches as readonly Document[]).every((branch) =>
      isServedBy(keys, { filter: { ...always, ...branch }, sort }),
    );
  }
  const names = Object.keys(keys);
  const equal = names.findIndex((name) => !isEquality(always[name]));
  const rest = equal === -1 ? [] : names.slice(equal);
  const wanted = Object.entries(sort).filter(([name]) => !isEquality(always[name]));
  const directions = wanted.map(([name, direction], index) =>
    rest[index] === name ? keys[name] === direction : undefined,
  );
  const isOrdered = !directions.includes(undefined) && new Set(directions).size <= 1;
  // With neither, it would be the whole of the index.
  const isBounded = equal !== 0 || wanted.length > 0 || isRange(always[rest[0] ?? '']);
  return isOrdered && isBounded;
}

const isOperators = (value: unknown): value is Document =>
  typeof value === 'object' && value !== null && Object.keys(value).every((name) => name.startsWith('$'));

const isEquality = (value: unknown): boolean =>
  value !== undefined && (!isOperators(value) || '$in' in value || '$all' in value);

const isRange = (value: unknown): boolean => isOperators(value) && !('$ne' in value);

/**
 * The stages of a plan, from the outermost on, in whatever shape it comes: nested by `inputStage` or `inputStages`, by
 * `queryPlan` as newer versions have it, by shard as a router answers. None of a plan that names no stages.
 */
export function stagesOf(plan: unknown): readonly string[] {
  if (typeof plan !== 'object' || plan === null) return [];
  const { stage, rejectedPlans: _, ...inner } = plan as Document;
  return [...(typeof stage === 'string' ? [stage] : []), ...Object.values(inner).flatMap(stagesOf)];
}

const looksAtEveryDocument = (stages: readonly string[]): boolean => stages.includes('COLLSCAN');
const sorts = (stages: readonly string[]): boolean => stages.includes('SORT');

/**
 * What can be read in a server's plans: `whole` where they are made as the manual says; `prefix` where it takes an index
 * for conditions on the fields of that index only, and sorts by itself; `nothing` where they name no stages.
 */
export type Planning = 'whole' | 'prefix' | 'nothing';

/** Asks the server how it carries out a query that a textbook index serves. */
export async function planningOf(database: Db): Promise<Planning> {
  const collection = database.collection('planning');
  await collection.insertMany(Array.from({ length: 50 }, (_, index) => ({ a: index % 5, b: index, c: true })));
  await collection.createIndex({ a: 1, b: 1 });
  const stages = await planOf(collection, { filter: { a: 1, b: { $gt: 3 }, c: { $ne: null } }, sort: { b: 1 } });
  await collection.drop();
  if (stages.length === 0) return 'nothing';
  return looksAtEveryDocument(stages) || sorts(stages) ? 'prefix' : 'whole';
}

async function planOf(collection: Collection, { filter, sort }: FindCommand): Promise<readonly string[]> {
  return stagesOf(await collection.find(filter).sort(sort).explain('queryPlanner'));
}

/** What the server's own plan has against a query that an index of these keys serves; undefined where it has nothing. */
export async function complaintOf(
  collection: Collection,
  { keys, find, planning }: { readonly keys: Keys; readonly find: FindCommand; readonly planning: Planning },
): Promise<string | undefined> {
  if (planning === 'nothing') return undefined;
  const asked = planning === 'whole' ? find : { filter: firstBoundOf(keys, find.filter), sort: {} };
  const stages = await planOf(collection, asked);
  const isFine = stages.length > 0 && !looksAtEveryDocument(stages) && !sorts(stages);
  return isFine ? undefined : `${JSON.stringify(asked)}: ${stages.join(', ')}`;
}

/** The condition on the first field of an index, which bounds what is looked at of it. */
function firstBoundOf(keys: Keys, filter: Document): Document {
  const [first = ''] = Object.keys(keys);
  const branches: readonly Document[] = filter['$or'] ?? [];
  const bound = [filter, ...branches].find((conditions) => first in conditions);
  return { [first]: bound?.[first] };
}
