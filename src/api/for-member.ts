import type { RequestContext } from './context.ts';
import { accepted } from './refused.ts';

/**
 * What only a present member of the group may be told. Rights are asked for before anything is read, and once more when it
 * has been read: that may have waited for seconds, and nobody who has left meanwhile is told. Throws the refusal.
 */
export async function forMember<Answer>(
  context: RequestContext,
  groupId: string,
  read: () => Promise<Answer>,
): Promise<Answer> {
  accepted(await context.policy.requireMember(context.viewer(), groupId));
  const answer = await read();
  accepted(await context.policy.requireMember(context.viewer(), groupId));
  return answer;
}
