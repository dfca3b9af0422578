import type { Position } from '../../ports/event-log.ts';
import type { GroupRow, MessageRow } from '../../ports/rows.ts';
import type { RequestContext } from '../context.ts';
import { ApiError, groupNotFound } from '../error-table.ts';
import { requireNothingRefused } from '../refused.ts';

/*
 * Rows of what is known to be there, by a right or by an event: where the read models do not hold it yet they are waited for,
 * and it is never said to be absent.
 */

/** The group's row, once the read models hold the group at all and what the caller has asked to see. */
export async function projectedGroup(
  context: RequestContext,
  groupId: string,
  atLeast: Position | null | undefined,
): Promise<GroupRow> {
  const { services, loaders } = context;
  requireNothingRefused(await services.freshness.atLeast(atLeast));
  const row = await loaders.group(groupId);
  if (row !== undefined) return row;
  const { position } = await services.commands.group(groupId);
  requireNothingRefused(await services.freshness.atLeast(position));
  return (await loaders.group(groupId)) ?? Promise.reject(groupNotFound());
}

/** The row of a message that the log held at a position. */
export async function projectedMessage(
  { services, loaders }: RequestContext,
  groupId: string,
  messageId: string,
  atLeast: Position,
): Promise<MessageRow> {
  requireNothingRefused(await services.freshness.atLeast(atLeast));
  const row = await loaders.message(groupId, messageId);
  return row ?? Promise.reject(messageBehind());
}

export const messageBehind = (): ApiError =>
  new ApiError('READ_MODELS_BEHIND', 'The message is not in the read models yet. Try again.');
