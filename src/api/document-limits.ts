import {
  type ASTVisitor,
  type FragmentDefinitionNode,
  GraphQLError,
  Kind,
  type SelectionSetNode,
  type ValidationContext,
} from 'graphql';
import type { Plugin } from 'graphql-yoga';

/** A document of more than this costs more to look at than it can be worth. */
const maximumTokens = 2_000;
const maximumDepth = 14;
const maximumSelections = 1_000;

/**
 * Refuses documents that are too large, too deep or select too much before any of it is executed. Fragments count as
 * often as they are spread. Introspection (GraphiQL's own) is as deep as it is and passes.
 */
export function documentLimits(): Plugin {
  return {
    onParse({ params }) {
      params.options = { ...params.options, maxTokens: maximumTokens };
    },
    onValidate({ addValidationRule }) {
      addValidationRule(limitSelections);
    },
  };
}

function limitSelections(context: ValidationContext): ASTVisitor {
  return {
    OperationDefinition(operation) {
      const problem = excess(operation.selectionSet, (name) => context.getFragment(name));
      if (problem !== undefined) context.reportError(new GraphQLError(problem, { nodes: [operation] }));
      return false;
    },
  };
}

/** What is too much about an operation. Every spread counts, so a circle of fragments ends at the limit as well. */
function excess(
  operation: SelectionSetNode,
  fragment: (name: string) => FragmentDefinitionNode | null | undefined,
): string | undefined {
  let selections = 0;
  const pending: { readonly set: SelectionSetNode; readonly depth: number }[] = [{ set: operation, depth: 1 }];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (next.depth > maximumDepth) return `The document is more than ${maximumDepth} levels deep.`;
    for (const selection of next.set.selections) {
      selections += 1;
      if (selections > maximumSelections) return `The document selects more than ${maximumSelections} fields.`;
      if (selection.kind === Kind.FIELD) {
        if (selection.selectionSet !== undefined && !selection.name.value.startsWith('__')) {
          pending.push({ set: selection.selectionSet, depth: next.depth + 1 });
        }
      } else {
        const set =
          selection.kind === Kind.INLINE_FRAGMENT
            ? selection.selectionSet
            : fragment(selection.name.value)?.selectionSet;
        if (set !== undefined) pending.push({ set, depth: next.depth });
      }
    }
  }
  return undefined;
}
