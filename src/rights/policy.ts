import type { Commands } from '../commands/commands.ts';
import { activeMember, type GroupState, type Member } from '../commands/group-state.ts';
import { LogUnavailable, type Version } from '../ports/event-log.ts';
import { GroupHalted } from '../ports/halted-groups.ts';
import { type AccessRefusal, type Refused, tokenExpired } from './access-refusal.ts';
import type { Viewer } from './viewer.ts';

/**
 * Who may see and hear what. Every query and every delivery asks here; mutations are decided by the deciders, on the
 * same group states. The rules:
 *
 * - Nothing without a valid token.
 * - A group, its members, its messages (also from before one joined) and its counts are for its present members.
 * - To everybody else the group is not there. One who was a member is told that they no longer are.
 * - A halted group is shown to nobody: its members, as of the halt, are told that it is.
 */
export interface Policy {
  /** The group as a present member may see it, or why the viewer may not. Throws what the stores throw. */
  requireMember(viewer: Viewer, groupId: string): Promise<Membership | Refused<AccessRefusal>>;
  /** The groups of these that the viewer may see. */
  visible(viewer: Viewer, groupIds: readonly string[]): Promise<ReadonlySet<string>>;
  /** Asked at each delivery: why nothing more may be delivered, if so. Synchronous where the group is warm. */
  refuseDelivery(viewer: Viewer, groupId: string): Promise<AccessRefusal | undefined>;
}

export interface Membership {
  readonly state: GroupState;
  /** The stream's version that the state is as of. */
  readonly version: Version;
  readonly member: Member;
}

export function createPolicy(
  commands: Pick<Commands, 'group' | 'newestGroup' | 'refusalOfHalted'>,
  now: () => number,
): Policy {
  async function membership(viewer: Viewer, groupId: string) {
    const warm = await commands.group(groupId);
    if (activeMember(warm.state, viewer.userId) !== undefined) return warm;
    try {
      // A refusal must know of everything: the membership may have been appended by another process a moment ago.
      return await commands.newestGroup(groupId);
    } catch (error) {
      // While nothing can be appended, nobody's rights change: queries go on without the log.
      if (error instanceof LogUnavailable) return warm;
      throw error;
    }
  }

  async function membershipUnlessHalted(viewer: Viewer, groupId: string) {
    try {
      return await membership(viewer, groupId);
    } catch (error) {
      if (!(error instanceof GroupHalted)) throw error;
      return { refused: await commands.refusalOfHalted(groupId, viewer.userId) };
    }
  }

  async function requireMember(viewer: Viewer, groupId: string): Promise<Membership | Refused<AccessRefusal>> {
    if (viewer.expiresAt <= now()) return { refused: tokenExpired };
    const warm = await membershipUnlessHalted(viewer, groupId);
    if ('refused' in warm) return warm;
    const { state, version } = warm;
    const member = activeMember(state, viewer.userId);
    if (member !== undefined) return { state, version, member };
    return { refused: { kind: state.members.has(viewer.userId) ? 'no-longer-a-member' : 'group-not-found' } };
  }

  async function isMember(viewer: Viewer, groupId: string): Promise<boolean> {
    try {
      const { state } = await membership(viewer, groupId);
      return activeMember(state, viewer.userId) !== undefined;
    } catch (error) {
      // A halted group is shown in no list, and keeps no other from being shown.
      if (error instanceof GroupHalted) return false;
      throw error;
    }
  }

  return {
    requireMember,
    async visible(viewer, groupIds) {
      if (viewer.expiresAt <= now()) return new Set();
      const members = await Promise.all(groupIds.map((groupId) => isMember(viewer, groupId)));
      return new Set(groupIds.filter((_, index) => members[index]));
    },
    async refuseDelivery(viewer, groupId) {
      const membership = await requireMember(viewer, groupId);
      return 'refused' in membership ? membership.refused : undefined;
    },
  };
}
