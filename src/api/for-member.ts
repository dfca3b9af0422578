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

/**
 * The same for what is simply not there for anybody else: null, and no error. What a command's payload shows, say: a command
 * is answered also to one who is gone, when they leave, or repeat what they did before.
 */
export async function whileMember<Answer>(
  { policy, viewer }: RequestContext,
  groupId: string,
  read: () => Promise<Answer>,
): Promise<Answer | null> {
  const isMember = async () => (await policy.refuseDelivery(viewer(), groupId)) === undefined;
  if (!(await isMember())) return null;
  const answer = await read();
  return (await isMember()) ? answer : null;
}
