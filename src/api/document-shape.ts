import { type DocumentNode, Kind, type SelectionSetNode, type ValueNode } from 'graphql';

/** Validation compares operations, fragments and fields of one name with each other: each of these bounds a square. */
const maximumOperations = 10;
const maximumFragments = 50;
/** How many fields may repeat a name that their selection has already, in all of the document. */
const maximumRepeatedFields = 50;
/** How deep lists and objects may lie within each other, in a document's values and in variables. */
const maximumValueDepth = 10;
/** Ten thousand members with a name and a role each are forty thousand. */
const maximumVariableValues = 50_000;

/**
 * What makes a document too costly to validate, as a sentence, whatever it would cost to execute; undefined where there
 * is nothing. Linear in the document.
 */
export function unwieldiness(document: DocumentNode): string | undefined {
  const operations = document.definitions.filter(({ kind }) => kind === Kind.OPERATION_DEFINITION).length;
  if (operations > maximumOperations) return `A document holds at most ${maximumOperations} operations.`;
  const fragments = document.definitions.filter(({ kind }) => kind === Kind.FRAGMENT_DEFINITION).length;
  if (fragments > maximumFragments) return `A document holds at most ${maximumFragments} fragments.`;
  let repeated = 0;
  for (const definition of document.definitions) {
    if (!('selectionSet' in definition) || definition.selectionSet === undefined) continue;
    const selections: SelectionSetNode[] = [definition.selectionSet];
    for (let next = selections.pop(); next !== undefined; next = selections.pop()) {
      const found = lookAt(next);
      if (found.isTooDeep) return `Values are at most ${maximumValueDepth} lists or objects deep.`;
      repeated += found.repeated;
      if (repeated > maximumRepeatedFields) {
        return `A document repeats at most ${maximumRepeatedFields} fields under one name.`;
      }
      selections.push(...found.below);
    }
  }
  return undefined;
}

/** The fields of one selection, those of inline fragments in it included: they are merged. */
function lookAt(selection: SelectionSetNode): { repeated: number; below: SelectionSetNode[]; isTooDeep: boolean } {
  const names = new Set<string>();
  const below: SelectionSetNode[] = [];
  let [fields, isTooDeep] = [0, false];
  const merged: SelectionSetNode[] = [selection];
  for (let set = merged.pop(); set !== undefined; set = merged.pop()) {
    for (const node of set.selections) {
      const taking = node.kind === Kind.FIELD ? [node, ...(node.directives ?? [])] : (node.directives ?? []);
      const values = taking.flatMap((taker) => taker.arguments ?? []);
      isTooDeep ||= values.some(({ value }) => depthOfLiteral(value) > maximumValueDepth);
      if (node.kind === Kind.INLINE_FRAGMENT) merged.push(node.selectionSet);
      if (node.kind !== Kind.FIELD) continue;
      fields += 1;
      names.add(node.alias?.value ?? node.name.value);
      if (node.selectionSet !== undefined) below.push(node.selectionSet);
    }
  }
  return { repeated: fields - names.size, below, isTooDeep };
}

function depthOfLiteral(value: ValueNode): number {
  if (value.kind === Kind.LIST) return 1 + Math.max(0, ...value.values.map(depthOfLiteral));
  if (value.kind === Kind.OBJECT) return 1 + Math.max(0, ...value.fields.map((field) => depthOfLiteral(field.value)));
  return 0;
}

/** What makes variables too costly to coerce, as a sentence. Looks at no more of them than may be. */
export function unwieldinessOfVariables(variables: Readonly<Record<string, unknown>>): string | undefined {
  const pending: { readonly value: object; readonly depth: number }[] = [{ value: variables, depth: 0 }];
  let values = 0;
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (next.depth > maximumValueDepth) return `Variables are at most ${maximumValueDepth} lists or objects deep.`;
    for (const value of Object.values(next.value)) {
      values += 1;
      if (values > maximumVariableValues) return `Variables hold at most ${maximumVariableValues} values.`;
      if (typeof value === 'object' && value !== null) pending.push({ value, depth: next.depth + 1 });
    }
  }
  return undefined;
}
