/**
 * What a field costs, declared beside it. One point is about what it takes to resolve, complete and write one field of
 * an answer: half a microsecond to a few. Where nothing is declared a field costs one point and holds one of what is
 * below it, so every list must say how long it is taken to be.
 */
export interface FieldCost {
  /** What the field itself costs, once: a read of the stores is worth more than a field of a row. 1 if not given. */
  readonly own?: number;
  /**
   * How many of what is selected below the field there are: a number where the list has no arguments (what it usually
   * holds at most), `page` for the items of the page around it.
   */
  readonly items?: number | 'page';
  /** The field is a page: its size stands in these arguments, or is `byDefault`. Its items are the lists declared `page`. */
  readonly page?: { readonly sizes: readonly string[]; readonly byDefault: number };
}

export const maximumPageSize = 200;

/** Put into a field's options: `extensions: costing({ items: 5 })`. */
export const costing = (cost: FieldCost): { readonly cost: FieldCost } => ({ cost });

/** What was declared for a field. Only `costing` puts anything there. */
export function declaredCost(extensions: Readonly<Record<string, unknown>>): FieldCost {
  return (extensions['cost'] as FieldCost | undefined) ?? {};
}
