import type { z } from 'zod';

/** Turns the data of one stored version into the data of the next. Pure; it may only add what the old shape implied. */
export type Upcaster = (data: never) => unknown;

/**
 * One kind of event as it is stored: its name, the schema of its current version, and an upcaster for each earlier one.
 * `upcasters[0]` turns version 1 into version 2, and so on: the current version is one more than there are upcasters.
 */
export interface EventDefinition<Type extends string = string, Schema extends z.ZodType = z.ZodType> {
  readonly type: Type;
  readonly schema: Schema;
  readonly upcasters: readonly Upcaster[];
  readonly version: number;
  /**
   * What the schema would make of nearly all data of the current version; undefined for whatever else, which the schema
   * decides. For the one kind that most of all events are.
   */
  readonly everyday?: ((data: unknown) => unknown) | undefined;
}

/** The domain's view of an event of a definition. */
export type EventOf<Definition> =
  Definition extends EventDefinition<infer Type, infer Schema>
    ? { readonly type: Type; readonly data: Readonly<z.infer<Schema>> }
    : never;

export function defineEvent<const Type extends string, Schema extends z.ZodType>(
  type: Type,
  schema: Schema,
  upcasters: readonly Upcaster[] = [],
  everyday?: (data: unknown) => z.infer<Schema> | undefined,
): EventDefinition<Type, Schema> {
  return { type, schema, upcasters, version: upcasters.length + 1, everyday };
}
