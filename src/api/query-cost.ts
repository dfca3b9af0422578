import {
  type DocumentNode,
  type FieldNode,
  type GraphQLObjectType,
  type GraphQLSchema,
  getNamedType,
  isInterfaceType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
  type ValueNode,
} from 'graphql';
import { createIntrospectionCost, type IntrospectionCost } from './introspection-cost.ts';
import { declaredCost, type FieldCost, maximumPageSize } from './schema/field-cost.ts';

/** What an operation would take, known before any of it is executed. */
export interface OperationCost {
  /** In points: see FieldCost. Infinite where fragments go in a circle. */
  readonly points: number;
  /** How deep fields lie within fields, fragments included, introspection not. Infinite where fragments go in a circle. */
  readonly depth: number;
}

/**
 * What a selection takes: so many points, and so many more for each item of the page around it. As a function of the
 * page's size a fragment is worked out once, however often it is spread, so the time is linear in the document.
 */
interface SelectionCost {
  readonly points: number;
  readonly pointsPerItem: number;
  readonly depth: number;
}

const nothing: SelectionCost = { points: 0, pointsPerItem: 0, depth: 0 };
const endless: SelectionCost = { points: Infinity, pointsPerItem: 0, depth: Infinity };

/** A type whose fields can be selected; undefined where the document names what the schema does not know. */
type Parent = Pick<GraphQLObjectType, 'getFields'> | undefined;
export type Variables = Readonly<Record<string, unknown>>;

export interface QueryCost {
  /** The cost of a document's operation of that name; of its dearest one where the name says none or is unknown. */
  of(document: DocumentNode, operationName: string | null | undefined, variables: Variables): OperationCost;
}

/**
 * Counts lists × what is selected of each, every alias, spread and fragment, and takes @skip and @include to leave in
 * all they can. Documents need not be valid: what the schema does not know costs a point a field.
 */
export function createQueryCost(schema: GraphQLSchema): QueryCost {
  const introspection = createIntrospectionCost(schema);
  return {
    of(document, operationName, variables) {
      const operations = document.definitions.filter((node) => node.kind === Kind.OPERATION_DEFINITION);
      const named = operations.filter(({ name }) => name?.value === operationName);
      const costs = (named.length > 0 ? named : operations).map((operation) =>
        costOfOperation({ schema, introspection, document, operation, variables }),
      );
      return {
        points: Math.max(0, ...costs.map(({ points }) => points)),
        depth: Math.max(0, ...costs.map(({ depth }) => depth)),
      };
    },
  };
}

function costOfOperation(options: {
  readonly schema: GraphQLSchema;
  readonly introspection: IntrospectionCost;
  readonly document: DocumentNode;
  readonly operation: OperationDefinitionNode;
  readonly variables: Variables;
}): OperationCost {
  const { schema, introspection, document, operation } = options;
  const fragments = new Map(
    document.definitions.flatMap((node) =>
      node.kind === Kind.FRAGMENT_DEFINITION ? [[node.name.value, node] as const] : [],
    ),
  );
  const variables = withDefaults(operation, options.variables);
  const introspected = introspection.in(fragments);
  /** Undefined while a fragment is being worked out: whoever meets it then has gone in a circle. */
  const known = new Map<string, SelectionCost | undefined>();

  const typeNamed = (name: string): Parent => {
    const type = schema.getType(name);
    return isObjectType(type) || isInterfaceType(type) ? type : undefined;
  };

  function ofSpread(name: string): SelectionCost {
    if (known.has(name)) return known.get(name) ?? endless;
    const fragment = fragments.get(name);
    if (fragment === undefined) return nothing;
    known.set(name, undefined);
    const cost = ofSelection(fragment.selectionSet, typeNamed(fragment.typeCondition.name.value));
    known.set(name, cost);
    return cost;
  }

  function ofField(node: FieldNode, parent: Parent): SelectionCost {
    const name = node.name.value;
    if (name === '__schema' || name === '__type') {
      return { points: introspected.of(name, node.selectionSet), pointsPerItem: 0, depth: 1 };
    }
    const field = parent?.getFields()[name];
    const type = field && getNamedType(field.type);
    const below = node.selectionSet && ofSelection(node.selectionSet, type && typeNamed(type.name));
    const cost = field === undefined ? {} : declaredCost(field.extensions);
    return multiplied(cost, below, cost.page && pageSize(cost.page, node, variables));
  }

  function ofSelection(set: SelectionSetNode, parent: Parent): SelectionCost {
    let [points, pointsPerItem, depth] = [0, 0, 0];
    for (const selection of set.selections) {
      let cost: SelectionCost;
      if (selection.kind === Kind.FIELD) cost = ofField(selection, parent);
      else if (selection.kind === Kind.FRAGMENT_SPREAD) cost = ofSpread(selection.name.value);
      else {
        const { typeCondition, selectionSet } = selection;
        cost = ofSelection(selectionSet, typeCondition === undefined ? parent : typeNamed(typeCondition.name.value));
      }
      points += cost.points;
      pointsPerItem += cost.pointsPerItem;
      depth = Math.max(depth, cost.depth);
    }
    return { points, pointsPerItem, depth };
  }

  const root = schema.getRootType(operation.operation);
  const { points, pointsPerItem, depth } = ofSelection(operation.selectionSet, root ?? undefined);
  return { points: points + pointsPerItem * maximumPageSize, depth };
}

/** A field's own points and those of what is below it, as often as there is of that. */
function multiplied(cost: FieldCost, below: SelectionCost | undefined, pageSize: number | undefined): SelectionCost {
  const { own = 1, items = 1 } = cost;
  // A list of scalars is written item by item too.
  const { points, pointsPerItem, depth } = below ?? { points: items === 1 ? 0 : 1, pointsPerItem: 0, depth: 0 };
  const deeper = depth + 1;
  if (pageSize !== undefined) {
    return { points: own + points + pageSize * pointsPerItem, pointsPerItem: 0, depth: deeper };
  }
  if (items === 'page') {
    return { points: own, pointsPerItem: points + maximumPageSize * pointsPerItem, depth: deeper };
  }
  return { points: own + items * points, pointsPerItem: items * pointsPerItem, depth: deeper };
}

/** The largest that the arguments can mean; what is no size at all counts as the largest page, and is refused later. */
function pageSize({ sizes, byDefault }: NonNullable<FieldCost['page']>, node: FieldNode, variables: Variables): number {
  const given = sizes.flatMap((name) => {
    const argument = node.arguments?.find((candidate) => candidate.name.value === name);
    const value = argument === undefined ? undefined : literal(argument.value, variables);
    return value === undefined || value === null ? [] : [value];
  });
  if (given.length === 0) return byDefault;
  return Math.max(...given.map((size) => (isPageSize(size) ? size : maximumPageSize)));
}

const isPageSize = (size: unknown): size is number =>
  typeof size === 'number' && Number.isInteger(size) && size >= 1 && size <= maximumPageSize;

function literal(value: ValueNode, variables: Variables): unknown {
  if (value.kind === Kind.VARIABLE) return variables[value.name.value];
  if (value.kind === Kind.NULL) return null;
  return value.kind === Kind.INT ? Number(value.value) : value.kind;
}

/** The variables as the operation will see them, as far as sizes can stand in them. */
function withDefaults(operation: OperationDefinitionNode, given: Variables): Variables {
  const variables: Record<string, unknown> = {};
  for (const { variable, defaultValue } of operation.variableDefinitions ?? []) {
    const name = variable.name.value;
    variables[name] = Object.hasOwn(given, name) ? given[name] : defaultValue && literal(defaultValue, {});
  }
  return variables;
}
