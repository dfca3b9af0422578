import type { RequestContext } from '../context.ts';
import { ApiError } from '../error-table.ts';
import { forMember } from '../for-member.ts';
import { decodeNodeId, type NodeKey } from '../node-id.ts';
import { accepted, requireNothingRefused } from '../refused.ts';
import { builder } from './builder.ts';
import { globalId } from './check-arguments.ts';
import { costing } from './field-cost.ts';
import { memberOf } from './member-type.ts';
import { projectedGroup } from './projected-rows.ts';
import { nodeInterface } from './types.ts';

builder.queryField('node', (t) =>
  t.field({
    type: nodeInterface,
    nullable: true,
    description:
      'What a global id names. Null for what is not there and for what the caller may not see, or no longer: they look alike.',
    extensions: costing({ own: 5 }),
    args: { id: t.arg.id({ required: true, description: 'The `id` of anything.', extensions: globalId }) },
    // What names nothing that could be here is refused at the door: see check-arguments.ts.
    resolve: (_, { id }, context) => unlessHidden(() => node(context, decodeNodeId(id))),
  }),
);

async function node(context: RequestContext, key: NodeKey | undefined): Promise<object | null> {
  if (key === undefined) return null;
  const found = await read(context, key);
  return found === undefined ? null : { ...found, __typename: key.type };
}

/** Undefined where it is not there. Throws the refusal of what the caller may not see. */
async function read(context: RequestContext, key: NodeKey): Promise<object | undefined> {
  const { services, loaders, policy } = context;
  const viewer = context.viewer();
  switch (key.type) {
    case 'Group':
      return forMember(context, key.groupId, () => projectedGroup(context, key.groupId, undefined));
    case 'Message':
      return forMember(context, key.groupId, async () => {
        requireNothingRefused(await services.freshness.atLeast(undefined));
        return loaders.message(key.groupId, key.messageId);
      });
    case 'Member': {
      const { state } = accepted(await policy.requireMember(viewer, key.groupId));
      return memberOf(state, key.groupId, key.userId);
    }
    case 'User':
      // Others are shown as members of the groups that one shares with them.
      return key.userId === viewer.userId ? { userId: viewer.userId, name: viewer.name } : undefined;
    default:
      return key satisfies never;
  }
}

/** What one may not see, or no longer, is like what is not there: null, and no error. */
async function unlessHidden(read: () => Promise<object | null>): Promise<object | null> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof ApiError && (error.code === 'NOT_FOUND' || error.code === 'NOT_A_MEMBER')) return null;
    throw error;
  }
}
