import {
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLNamedType,
  type GraphQLSchema,
  type GraphQLType,
  isAbstractType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
  isWrappingType,
  Kind,
  type SelectionSetNode,
} from 'graphql';

/** What of the schema itself costs, in points: one for each field of the answer. */
export interface IntrospectionCost {
  /** For a document with these fragments. */
  in(fragments: ReadonlyMap<string, FragmentDefinitionNode>): {
    /** `__schema` or `__type` with this selection; infinite where fragments go in a circle. */
    of(field: '__schema' | '__type', selection: SelectionSetNode | undefined): number;
  };
}

/** How many there are of a field's items, below any one parent at most and on an average over all of them. */
interface Size {
  readonly most: number;
  readonly average: number;
}

/**
 * Sizes are counted in this schema. `types` goes over every type, so that what is selected of each is worth the average:
 * a whole introspection costs what it weighs. Whoever has gone on to one type by name, by `type` or the like can go to
 * the largest one again and again, so from there on the largest counts. `ofType` is worth nothing beyond the wrappers
 * that a type here has at most, so the usual nine levels of it cost what they hold.
 */
export function createIntrospectionCost(schema: GraphQLSchema): IntrospectionCost {
  const sizes = sizesIn(schema);
  const wrappers = Math.max(...typesOfEverything(schema).map(wrappersOf));
  return { in: (fragments) => ({ of: costOf(sizes, wrappers, fragments) }) };
}

/** Where in the introspection a selection stands. */
interface Place {
  /** Whether the parents are all of their kind, or any one that the document has led to. */
  readonly overAll: boolean;
  /** How many wrappers have been taken off on the way here. */
  readonly unwrapped: number;
}

function costOf(
  sizes: ReadonlyMap<string, Size>,
  wrappers: number,
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
): (field: string, selection: SelectionSetNode | undefined) => number {
  const known = new Map<string, number>();

  function ofSpread(name: string, place: Place): number {
    const key = `${name} ${place.overAll} ${place.unwrapped}`;
    const cost = known.get(key);
    if (cost !== undefined) return cost;
    // Whoever meets this fragment again while it is being worked out has gone in a circle.
    known.set(key, Infinity);
    const fragment = fragments.get(name);
    const found = fragment === undefined ? 0 : ofSelection(fragment.selectionSet, place);
    known.set(key, found);
    return found;
  }

  function ofField({ name, selectionSet }: FieldNode, place: Place): number {
    if (selectionSet === undefined) return 1;
    if (name.value === 'ofType') {
      // A circle must be met all the same.
      const unwrapped = place.unwrapped + 1;
      if (unwrapped <= wrappers) return 1 + ofSelection(selectionSet, { overAll: false, unwrapped });
      return ofSelection(selectionSet, { overAll: false, unwrapped: wrappers + 1 }) === Infinity ? Infinity : 1;
    }
    const size = sizes.get(name.value);
    const below = { overAll: size !== undefined && place.overAll, unwrapped: 0 };
    const items = size === undefined ? 1 : place.overAll ? size.average : size.most;
    const each = ofSelection(selectionSet, below);
    // A list that is empty here makes no circle good.
    return each === Infinity ? Infinity : 1 + items * each;
  }

  function ofSelection(set: SelectionSetNode, place: Place): number {
    let cost = 0;
    for (const selection of set.selections) {
      if (selection.kind === Kind.FIELD) cost += ofField(selection, place);
      else if (selection.kind === Kind.INLINE_FRAGMENT) cost += ofSelection(selection.selectionSet, place);
      else cost += ofSpread(selection.name.value, place);
    }
    return cost;
  }

  return (field, selection) =>
    selection === undefined ? 1 : 1 + ofSelection(selection, { overAll: field === '__schema', unwrapped: 0 });
}

const sizeOf = (counts: readonly number[]): Size => ({
  most: Math.max(0, ...counts),
  average: counts.reduce((sum, count) => sum + count, 0) / Math.max(1, counts.length),
});

/** By the name of the introspection's list field. */
function sizesIn(schema: GraphQLSchema): ReadonlyMap<string, Size> {
  const types = Object.values(schema.getTypeMap());
  const directives = schema.getDirectives();
  const count = (counter: (type: GraphQLNamedType) => number): Size => sizeOf(types.map(counter));
  const withArguments = [...types.flatMap(fieldsOf), ...directives];
  return new Map([
    ['types', sizeOf([types.length])],
    ['directives', sizeOf([directives.length])],
    ['fields', count((type) => fieldsOf(type).length)],
    ['inputFields', count((type) => (isInputObjectType(type) ? Object.keys(type.getFields()).length : 0))],
    ['enumValues', count((type) => (isEnumType(type) ? type.getValues().length : 0))],
    ['interfaces', count((type) => (isObjectType(type) || isInterfaceType(type) ? type.getInterfaces().length : 0))],
    ['possibleTypes', count((type) => (isAbstractType(type) ? schema.getPossibleTypes(type).length : 0))],
    ['args', sizeOf(withArguments.map(({ args }) => args.length))],
  ]);
}

const fieldsOf = (type: GraphQLNamedType) =>
  isObjectType(type) || isInterfaceType(type) ? Object.values(type.getFields()) : [];

function typesOfEverything(schema: GraphQLSchema): readonly GraphQLType[] {
  return Object.values(schema.getTypeMap()).flatMap((type) => [
    ...fieldsOf(type).flatMap((field) => [field.type, ...field.args.map((argument) => argument.type)]),
    ...(isInputObjectType(type) ? Object.values(type.getFields()).map((field) => field.type) : []),
  ]);
}

function wrappersOf(type: GraphQLType): number {
  return isWrappingType(type) ? 1 + wrappersOf(type.ofType) : 0;
}
