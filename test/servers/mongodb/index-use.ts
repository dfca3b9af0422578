import type { Document } from 'mongodb';

/** A query as a client sent it. */
export interface FindCommand {
  readonly filter: Document;
  readonly sort: Document;
}

type Keys = Readonly<Record<string, number | string>>;

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

/** The stages of a plan, from the outermost on, however a version of MongoDB nests them. */
export function stagesOf(plan: unknown): readonly string[] {
  if (typeof plan !== 'object' || plan === null) return [];
  const { stage, rejectedPlans: _, ...inner } = plan as Document;
  return [...(typeof stage === 'string' ? [stage] : []), ...Object.values(inner).flatMap(stagesOf)];
}
