import {
  type DocumentNode,
  GraphQLError,
  Kind,
  OperationTypeNode,
  type ParseOptions,
  parse,
  type Source,
  validate,
} from 'graphql';
import type { Plugin } from 'graphql-yoga';
import { createBoundedMap } from '../memory/bounded-map.ts';
import { unwieldiness, unwieldinessOfVariables } from './document-shape.ts';
import { ApiError } from './error-table.ts';
import { createQueryCost, type Variables } from './query-cost.ts';
import { schema } from './schema/schema.ts';

/** A document of more than this costs more to look at than it can be worth. */
const maximumTokens = 2_000;
/** The longest message may stand in a document, and several do. */
export const maximumDocumentLength = 65_536;
const maximumDepth = 14;
const maximumValidationErrors = 10;
const maximumCachedBytes = 32 * 1024 * 1024;
/** What a token of a parsed document was measured to hold, with its nodes and places; its text comes on top. */
const bytesPerToken = 290;

/**
 * In points: see FieldCost. A page of 200 messages with everything about each takes half of it; the whole was measured
 * to take some 50 ms here.
 */
export const operationBudget = 20_000;
/** What one item of a subscription may cost: it is executed at each event. */
export const itemBudget = 2_000;

/** What the limits leave in the operation's context for whoever comes after. */
export interface Costed {
  operationCost?: number;
}

/** What yoga puts into the context over HTTP, and the WebSocket server as well. */
interface Asked {
  readonly params?: {
    readonly operationName?: string | null | undefined;
    readonly variables?: Variables | null | undefined;
  };
}

/**
 * Refuses what would take too much before anything of it is executed, whichever way it comes: first its length and
 * tokens, then its shape, then its cost with its variables, and only then is it validated, which in the worst case takes
 * the square of what it looks at. Parsed documents and their validation are remembered.
 */
export function documentLimits(): Plugin<Costed> {
  // Clients' few operations are parsed once; by size, because texts are anybody's.
  const documents = createBoundedMap<DocumentNode>(maximumCachedBytes);
  const validated = new WeakMap<DocumentNode, readonly GraphQLError[]>();
  const problems = new WeakMap<DocumentNode, ApiError | undefined>();
  const queryCost = createQueryCost(schema);

  function problemOf(document: DocumentNode): ApiError | undefined {
    if (!problems.has(document)) problems.set(document, refused(unwieldiness(document)));
    return problems.get(document);
  }

  /** What the operation costs, or why it is refused. */
  function costOf(document: DocumentNode, { params }: Asked): number | ApiError {
    const variables = params?.variables ?? {};
    const problem = problemOf(document) ?? refused(unwieldinessOfVariables(variables));
    if (problem !== undefined) return problem;
    const { points, depth } = queryCost.of(document, params?.operationName, variables);
    if (depth === Infinity) return new ApiError('DOCUMENT_INVALID', 'The document’s fragments go in a circle.');
    if (depth > maximumDepth)
      return new ApiError('DOCUMENT_TOO_LARGE', `The document is more than ${maximumDepth} levels deep.`);
    const budget = isSubscription(document) ? itemBudget : operationBudget;
    const cost = Math.min(Math.ceil(points), Number.MAX_SAFE_INTEGER);
    if (cost <= budget) return cost;
    const message = `This costs ${cost} points, and at most ${budget} may be: ask for shorter lists, or fewer fields of each.`;
    return new ApiError('DOCUMENT_TOO_LARGE', message, { cost, budget });
  }

  return {
    onParse({ params, setParseFn, setParsedDocument }) {
      const text = String(params.source);
      if (text.length > maximumDocumentLength) {
        const message = `A document has at most ${maximumDocumentLength} characters: put values into variables.`;
        return setParseFn(() => new ApiError('DOCUMENT_TOO_LARGE', message));
      }
      const known = documents.use(text);
      if (known !== undefined) return setParsedDocument(known);
      setParseFn(parseUpToLimit);
      return ({ result }) => {
        if (result !== null && 'kind' in result)
          documents.set(text, result, bytesPerToken * (result.tokenCount ?? 0) + text.length);
      };
    },
    onValidate({ context, params, setResult, setValidationFn, extendContext }) {
      const document = params.documentAST as DocumentNode;
      const cost = costOf(document, context as Asked);
      if (cost instanceof ApiError) return setResult([cost]);
      extendContext({ operationCost: cost });
      const known = validated.get(document);
      if (known !== undefined) return setResult(known);
      setValidationFn(() => {
        const errors = validate(schema, document, undefined, { maxErrors: maximumValidationErrors });
        validated.set(document, errors);
        return errors;
      });
    },
  };
}

/** To GraphQL, one token more than it may read is an error of syntax. */
function parseUpToLimit(source: string | Source, options?: ParseOptions): DocumentNode | ApiError {
  try {
    return parse(source, { ...options, maxTokens: maximumTokens });
  } catch (error) {
    if (!(error instanceof GraphQLError) || !error.message.startsWith(tooManyTokens)) throw error;
    return new ApiError('DOCUMENT_TOO_LARGE', `A document has at most ${maximumTokens} tokens.`);
  }
}

const tooManyTokens = 'Syntax Error: Document contains more than';

const refused = (problem: string | undefined): ApiError | undefined =>
  problem === undefined ? undefined : new ApiError('DOCUMENT_TOO_LARGE', problem);

const isSubscription = ({ definitions }: DocumentNode): boolean =>
  definitions.some(
    (node) => node.kind === Kind.OPERATION_DEFINITION && node.operation === OperationTypeNode.SUBSCRIPTION,
  );
