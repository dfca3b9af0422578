import type { ReadModels } from '../../ports/read-models.ts';
import { type ConnectionOptions, connect } from './connection.ts';
import { idOf } from './documents.ts';
import { createGroupReads } from './group-reads.ts';
import { createMentionsPage } from './mention-queries.ts';
import { createMessageQueries } from './message-queries.ts';
import { createPeopleQueries } from './people-queries.ts';
import { toGroupRow } from './row-mapping.ts';

/**
 * Queries on MongoDB. Opening needs no server; as long as there is none, or one of another version's read models, every
 * method throws ReadModelsUnavailable. Throws the driver's MongoParseError for a URL that is none.
 */
export async function openMongoReadModels(options: ConnectionOptions): Promise<ReadModels> {
  const connection = connect(options);
  const { collections, run, readLimit } = connection;
  const reads = createGroupReads(connection);
  return {
    checkpoint: reads.checkpoint,
    async groups(groupIds) {
      const found = await reads.groups(groupIds);
      return [...found.values()].map(toGroupRow);
    },
    groupSnapshot: reads.groupSnapshot,
    ...createPeopleQueries(connection, reads),
    ...createMessageQueries(connection, reads),
    mentionsPage: createMentionsPage(connection, reads),
    async acceptedCommands(groupId, keys) {
      const ids = keys.map(({ actorId, commandId }) => idOf(groupId, actorId, commandId));
      const [, found] = await Promise.all([
        reads.checkpoint(),
        run(() => collections.commands.find({ _id: { $in: ids }, groupId }, readLimit).toArray()),
      ]);
      return found.map(({ _id, ...row }) => row);
    },
    haltedGroups: reads.haltedGroups,
    close: connection.close,
  };
}
