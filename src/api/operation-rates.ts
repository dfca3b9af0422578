import type { GraphQLError } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import type { RequestContext } from './context.ts';
import type { Costed } from './document-limits.ts';
import { ApiError } from './error-table.ts';

type Charged = RequestContext & Costed;

/** Takes what an operation costs from the buckets of whoever sent it, before it is executed, whichever way it comes. */
export function operationRates(): Plugin {
  return {
    onExecute: ({ args, setResultAndStopExecution }) => {
      const refused = charge(args.contextValue);
      if (refused !== undefined) setResultAndStopExecution({ errors: [refused], data: null });
    },
    onSubscribe: ({ args, setResultAndStopExecution }) => {
      const refused = charge(args.contextValue);
      if (refused !== undefined) setResultAndStopExecution({ errors: [refused] });
    },
    onExecutionResult({ result, setResult }) {
      if (result === undefined || Array.isArray(result) || !('errors' in result)) return;
      const { errors = [] } = result;
      if (!errors.every(isRateLimited) || !holdsNothing(result.data)) return;
      setResult({ ...result, errors: errors.map(withRetryAfter) });
    },
  };
}

function charge(context: unknown): ApiError | undefined {
  const { rates, operationCost = 0 } = context as Charged;
  try {
    rates.take('points', operationCost);
    return undefined;
  } catch (error) {
    if (error instanceof ApiError) return error;
    throw error;
  }
}

const isRateLimited = ({ extensions }: GraphQLError): boolean => extensions['code'] === 'RATE_LIMITED';

const holdsNothing = (data: unknown): boolean =>
  data === null || data === undefined || Object.values(data).every((value) => value === null);

/** A request of which nothing was done is 429, and its header says when to come back. Yoga makes both of `http`. */
function withRetryAfter(error: GraphQLError): GraphQLError {
  const { message, path, nodes, extensions } = error;
  const seconds = Math.ceil(Number(extensions['retryAfterMilliseconds']) / 1_000);
  const http = { status: 429, headers: { 'Retry-After': String(seconds) } };
  return new ApiError('TOO_FAST', message, { ...extensions, http }, { path, nodes });
}
