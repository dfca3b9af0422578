import {
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLObjectType,
  type GraphQLOutputType,
  getNamedType,
  isAbstractType,
  isCompositeType,
  isObjectType,
  isRequiredArgument,
} from 'graphql';
import { schema } from '../../src/api/schema/schema.ts';

export type Operation = 'query' | 'mutation' | 'subscription';

/** One document: a way from a root field down to an object, of which it selects every leaf or one. */
export interface WalkDocument {
  readonly operation: Operation;
  /** The root field. */
  readonly root: string;
  readonly query: string;
  /** The type that it asks for of a root field that can be of several. */
  readonly branch: string | undefined;
  /** `Type.field` of each leaf that it selects: an answer without errors shows them all. */
  readonly leaves: readonly string[];
  /** The root field's arguments by name; each is a variable of that name. */
  readonly rootArguments: readonly string[];
  /** Variables that take a cursor, of the root field and of lists below it. */
  readonly cursors: readonly string[];
  /** Variables of fields below the root that take somebody's user id. */
  readonly people: readonly string[];
}

const cursorArguments = new Set(['after', 'before']);
const isCursor = ({ name, type }: GraphQLArgument): boolean =>
  cursorArguments.has(name) && getNamedType(type).name === 'String';

/** The only argument that a field below the root requires. */
const person = 'userId';

interface Step {
  readonly selection: string;
  readonly variables: readonly { readonly name: string; readonly type: string }[];
}

/** An object that can be reached, and how. */
interface Reached {
  readonly type: GraphQLObjectType;
  readonly steps: readonly Step[];
  /** The types above it: a circle is gone round once. */
  readonly above: ReadonlySet<string>;
}

/** Every object that each field of the operation reaches, however deep: a new field is walked without being named here. */
export function schemaDocuments(operation: Operation, options: { readonly eachLeafAlone: boolean }): WalkDocument[] {
  const root = {
    query: schema.getQueryType(),
    mutation: schema.getMutationType(),
    subscription: schema.getSubscriptionType(),
  }[operation];
  if (!root) return [];
  return Object.values(root.getFields()).flatMap((field) => {
    const step = rootStep(field);
    const all = reach(field.type, [step], new Set(), options.eachLeafAlone);
    return all.flatMap((reached) => documentsOf(operation, field, reached, options.eachLeafAlone));
  });
}

function rootStep(field: GraphQLField<unknown, unknown>): Step {
  const variables = field.args.map(({ name, type }) => ({ name, type: String(type) }));
  const given = variables.map(({ name }) => `${name}: $${name}`).join(', ');
  return { selection: given === '' ? field.name : `${field.name}(${given})`, variables };
}

/** Rows of a page are reached by its edges; by `nodes`, which are the same, they are shown and, unless `everywhere`, no further. */
function reach(
  output: GraphQLOutputType,
  steps: readonly Step[],
  above: ReadonlySet<string>,
  everywhere: boolean,
): Reached[] {
  const named = getNamedType(output);
  if (isAbstractType(named)) {
    return schema
      .getPossibleTypes(named)
      .flatMap((type) =>
        reach(type, [...steps, { selection: `... on ${type.name}`, variables: [] }], above, everywhere),
      );
  }
  if (!isObjectType(named)) return [];
  const here: Reached = { type: named, steps, above };
  // One that stands above itself is shown with its leaves and no further.
  const isTwin = !everywhere && steps.at(-1)?.selection === 'nodes';
  if (above.has(named.name) || isTwin) return [here];
  const below = new Set([...above, named.name]);
  const fields = Object.values(named.getFields()).filter(({ type }) => isCompositeType(getNamedType(type)));
  const further = fields.flatMap((field) =>
    reach(field.type, [...steps, nestedStep(field, steps.length)], below, everywhere),
  );
  return [here, ...further];
}

function nestedStep(field: GraphQLField<unknown, unknown>, depth: number): Step {
  const required = field.args.find((argument) => isRequiredArgument(argument) && argument.name !== person);
  if (required !== undefined) throw new Error(`the walk knows no value for ${field.name}(${required.name}:)`);
  const variables = field.args
    .filter((argument) => isCursor(argument) || argument.name === person)
    .map(({ name, type }) => ({ name: `${name}${depth}`, type: String(type) }));
  const given = variables.map((variable) => `${variable.name.replace(/\d+$/, '')}: $${variable.name}`).join(', ');
  return { selection: given === '' ? field.name : `${field.name}(${given})`, variables };
}

function documentsOf(
  operation: Operation,
  field: GraphQLField<unknown, unknown>,
  { type, steps }: Reached,
  eachLeafAlone: boolean,
): WalkDocument[] {
  const leaves = Object.values(type.getFields()).filter(
    (leaf) => !isCompositeType(getNamedType(leaf.type)) && !leaf.args.some(isRequiredArgument),
  );
  if (leaves.length === 0) return [];
  const variables = steps.flatMap((step) => step.variables);
  const declared = variables.map(({ name, type: of }) => `$${name}: ${of}`).join(', ');
  const rootArguments = field.args.map(({ name }) => name);
  const cursors = variables.filter(({ name, type: of }) => /^(after|before)\d*$/.test(name) && of === 'String');
  const selections = eachLeafAlone ? leaves.map((leaf) => [leaf]) : [leaves];
  return selections.map((selected) => {
    const innermost = `{ __typename ${selected.map(({ name }) => name).join(' ')} }`;
    const body = steps.reduceRight((inner, { selection }) => `{ ${selection} ${inner} }`, innermost);
    return {
      operation,
      root: field.name,
      query: `${operation}${declared === '' ? '' : `(${declared})`} ${body}`,
      branch: /^\.\.\. on (\w+)$/.exec(steps[1]?.selection ?? '')?.[1],
      leaves: selected.map(({ name }) => `${type.name}.${name}`),
      rootArguments,
      cursors: cursors.map(({ name }) => name),
      people: variables.flatMap(({ name }) => (/^userId\d+$/.test(name) ? [name] : [])),
    };
  });
}

/** Every `Type.field` of the schema that is a leaf and that an answer can hold. */
export function everyLeaf(): ReadonlySet<string> {
  const operations: readonly Operation[] = ['query', 'mutation', 'subscription'];
  return new Set(
    operations.flatMap((operation) =>
      schemaDocuments(operation, { eachLeafAlone: false }).flatMap(({ leaves }) => leaves),
    ),
  );
}
