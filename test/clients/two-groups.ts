import { createGroup, send } from '../api/conversation.ts';
import * as documents from '../api/documents.ts';
import { type Person, type RunningServer, startTestServer } from '../api/running-server.ts';

export interface TwoGroups {
  readonly server: RunningServer;
  readonly ada: Person;
}

/** A real server with two groups of the same people, in which messages have the same ids. */
export async function startTwoGroups(): Promise<TwoGroups> {
  const server = await startTestServer();
  const [ada, ben] = (await Promise.all(['ada', 'ben'].map((name) => server.person(name)))) as [Person, Person];
  for (const groupId of ['lunch', 'lunch/m1']) {
    await createGroup(ada, groupId, [ben]);
    await send(ben, groupId, 'm1', `first of ${groupId}`, { mentions: ['ada'] });
    await ada.get(documents.addReaction, { input: { groupId, messageId: 'm1', emoji: '👍' } });
    const { sendMessage } = await send(ada, groupId, 'm2', `second of ${groupId}`, { replyTo: 'm1' });
    await ada.get(documents.timelinePage, { id: groupId, atLeast: sendMessage.position });
  }
  return { server, ada };
}

/** What a client that shows a group asks: something of every type that can be reached from it. */
export const wholeGroup = `query Group($groupId: ID!) {
  me { id name }
  group(groupId: $groupId) {
    id groupId name lastSeq
    membership { role markedUpTo unreadCount }
    members { edges { cursor node { id name isPresent } } nodes { id name } pageInfo { hasNextPage endCursor } }
    timeline(last: 10) {
      edges { cursor node { id messageId text author { id name } mentions { id name } reactions { emoji count } replyTo { id text }
        readCount readers { nodes { readAt member { id name } } } explain { audience read notYet leftBeforeReading } } }
      pageInfo { hasPreviousPage startCursor }
    }
  }
  inbox { nodes { groupId unreadCount group { id name } } }
  mentions { nodes { id text group { id name } } }
  search(groupId: $groupId, text: "of") { nodes { id text } }
}`;

export interface WholeGroup {
  readonly group: {
    readonly id: string;
    readonly name: string;
    readonly timeline: {
      readonly edges: readonly {
        readonly node: { readonly id: string; readonly messageId: string; readonly text: string };
      }[];
    };
  };
}

export const textsOf = (shown: WholeGroup | null | undefined) =>
  shown?.group.timeline.edges.map(({ node }) => [node.messageId, node.text]);

/** In the group of that id, each message says where it is. */
export const textsIn = (groupId: string) => [
  ['m1', `first of ${groupId}`],
  ['m2', `second of ${groupId}`],
];
