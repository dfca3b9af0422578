import {
  createSourceEventStream,
  type DocumentNode,
  type ExecutionArgs,
  type ExecutionResult,
  executeSubscriptionEvent,
  GraphQLError,
  getOperationAST,
  OperationTypeNode,
  type ValidatedSubscriptionArgs,
  validateSubscriptionArgs,
} from 'graphql';
import type { Plugin } from 'graphql-yoga';
import type { RequestContext } from '../context.ts';
import { atOneMoment } from './at-one-moment.ts';

/**
 * Every answer is of one moment: that of a query, of each root field of a mutation, and each item of a subscription. What a
 * mutation or an item shows is taken from memory as long as that holds all of it.
 */
export function oneMoment(): Plugin<RequestContext> {
  const onRows = createOperationsOnRows();
  return {
    onExecute({ executeFn, setExecuteFn }) {
      setExecuteFn((args: ExecutionArgs) => {
        const isSerial = getOperationAST(args.document, args.operationName)?.operation === OperationTypeNode.MUTATION;
        const triesMemory = isSerial && !onRows.has(args);
        return atOneMoment(
          args.contextValue as RequestContext,
          { isSerial, triesMemory, onRowsNeeded: () => onRows.add(args) },
          (contextValue) => executeFn({ ...args, contextValue }) as Promise<ExecutionResult>,
        );
      });
    },
    onSubscribe({ setSubscribeFn }) {
      setSubscribeFn(async (args: ExecutionArgs) => {
        const validated = validateSubscriptionArgs(args);
        if (!('schema' in validated)) return { errors: validated.map(withBadRequest) };
        const source = await createSourceEventStream(validated);
        if (!(Symbol.asyncIterator in source)) return source;
        return itemsOf(source, (event) => answerItem(validated, event, onRows));
      });
    },
  };
}

function answerItem(args: ValidatedSubscriptionArgs, event: unknown, onRows: OperationsOnRows) {
  const request = args.contextValue as RequestContext;
  const { position } = event as { readonly position?: number };
  const operation = {
    isSerial: false,
    // What is not an event of the log itself is as new as what this process has heard of.
    from: position ?? request.services.feed.position(),
    triesMemory: !onRows.has(args),
    onRowsNeeded: () => onRows.add(args),
  };
  return atOneMoment(request, operation, (contextValue) =>
    executeSubscriptionEvent({ ...args, contextValue, rootValue: event }),
  );
}

/** Operations of which memory does not hold everything, so that it is not tried in vain at each event. */
interface OperationsOnRows {
  has(operation: Of): boolean;
  add(operation: Of): void;
}
type Of = {
  readonly document?: DocumentNode;
  readonly operation?: object;
  readonly operationName?: string | null | undefined;
};

function createOperationsOnRows(): OperationsOnRows {
  // Documents are parsed once and remembered for as long as clients send them.
  const known = new WeakSet<object>();
  const keyOf = ({ operation, document, operationName }: Of): object | undefined =>
    operation ?? (document && (getOperationAST(document, operationName) ?? undefined));
  return {
    has(operation) {
      const key = keyOf(operation);
      return key !== undefined && known.has(key);
    },
    add(operation) {
      const key = keyOf(operation);
      if (key !== undefined) known.add(key);
    },
  };
}

/** The same iterator, each of whose events is answered before the next one is asked for. */
function itemsOf(
  source: AsyncIterable<unknown>,
  answer: (event: unknown) => Promise<ExecutionResult>,
): AsyncIterableIterator<ExecutionResult, undefined> {
  const events = source[Symbol.asyncIterator]();
  return {
    async next() {
      const event = await events.next().catch((error: unknown) => {
        throw error instanceof GraphQLError ? error : wrapped(error);
      });
      if (event.done === true) return { done: true, value: undefined };
      return { done: false, value: await answer(event.value) };
    },
    async return() {
      await events.return?.();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

const wrapped = (error: unknown): GraphQLError =>
  new GraphQLError(error instanceof Error ? error.message : String(error), { originalError: error as Error });

/** As yoga tells of variables that do not fit. */
function withBadRequest({ message, nodes, source, positions, path, originalError, extensions }: GraphQLError) {
  const http = { ...(extensions['http'] as object | undefined), status: 400 };
  return new GraphQLError(message, {
    nodes,
    source,
    positions,
    path,
    originalError,
    extensions: { ...extensions, http },
  });
}
