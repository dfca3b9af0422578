import type { ReadModels } from '../../ports/read-models.ts';
import { createBuildCheck } from './build-check.ts';
import type { Connection } from './connection.ts';
import { idOf } from './documents.ts';
import { createGroupReads, type GroupsToRead } from './group-reads.ts';
import { createMentionsPage } from './mention-queries.ts';
import { createMessageQueries } from './message-queries.ts';
import { createMembersByName } from './name-queries.ts';
import { createPeopleQueries } from './people-queries.ts';
import { createReactionPeople } from './reaction-people.ts';
import { beginMoment } from './read-moment.ts';
import { toGroupRow } from './row-documents.ts';
import { createUnreadQueries } from './unread-queries.ts';

/** Queries on one build. No answer is given before it is known that the build was there all the while. */
export function createReadModels(connection: Connection): ReadModels {
  const verify = createBuildCheck(connection);
  const answers = verified(createAnswers(connection), verify);
  return {
    ...answers,
    async moment() {
      const { position, close, ...queries } = await answers.moment();
      return { ...verified(queries, verify), position, close };
    },
    close: connection.close,
  };
}

/** What the collections say, whatever has become of them: where one is gone, as if nothing had ever been in it. */
export function createAnswers(connection: Connection): Omit<ReadModels, 'close'> {
  const { collections, run, readLimit } = connection;
  const reads = createGroupReads(connection);
  return {
    checkpoint: reads.checkpoint,
    async groups(groupIds) {
      const found = await reads.groups(groupIds);
      return [...found.values()].map(toGroupRow);
    },
    groupSnapshot: reads.groupSnapshot,
    ...createPages(connection, reads),
    async acceptedCommands(groupId, keys) {
      const ids = keys.map(({ actorId, commandId }) => idOf(groupId, actorId, commandId));
      const found = await run(() => collections.commands.find({ _id: { $in: ids }, groupId }, readLimit).toArray());
      return found.map(({ _id, ...row }) => row);
    },
    haltedGroups: reads.haltedGroups,
    moment: () => beginMoment(connection, reads, createPages),
  };
}

/** All pages, on these groups. */
export const createPages = (connection: Connection, groups: GroupsToRead) => ({
  ...createPeopleQueries(connection, groups),
  ...createMessageQueries(connection, groups),
  mentionsPage: createMentionsPage(connection, groups),
  membersByName: createMembersByName(connection, groups),
  ...createUnreadQueries(connection, groups),
  ...createReactionPeople(connection, groups),
});

/** The same methods, each of which answers once `verify` has resolved after it, and throws what that throws. */
function verified<Methods extends object>(methods: Methods, verify: () => Promise<void>): Methods {
  const wrapped = Object.entries(methods).map(([name, method]) => [
    name,
    async (...given: readonly unknown[]) => {
      const answer: unknown = await method(...given);
      await verify();
      return answer;
    },
  ]);
  return Object.fromEntries(wrapped) as Methods;
}
