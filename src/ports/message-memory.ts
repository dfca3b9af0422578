import type { CommandKey, CommandRow, MessageKey, MessageRow, ReactionRow } from './rows.ts';

/**
 * What a group's state has forgotten of its messages and commands, for deciding on them. What is not answered is not there
 * as of the checkpoint: of what came later nothing is said. Throws ReadModelsUnavailable.
 */
export interface MessageMemory {
  /** Messages of a group by id, in any order. Ids are the senders' choice: another group may hold the same ones. */
  messages(groupId: string, messageIds: readonly string[]): Promise<readonly MessageRow[]>;
  /** Who stands behind each reaction under these messages. */
  reactions(keys: readonly MessageKey[]): Promise<readonly ReactionRow[]>;
  /** Those of these commands that have changed something in the group, in any order. */
  acceptedCommands(groupId: string, keys: readonly CommandKey[]): Promise<readonly CommandRow[]>;
}
