import { isObjectType, parse, TypeInfo, visit, visitWithTypeInfo } from 'graphql';
import type { Client } from 'graphql-ws';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { encodeNodeId } from '../../src/api/node-id.ts';
import { schema } from '../../src/api/schema/schema.ts';
import { isViewerDependent } from '../../src/api/schema/viewer-fields.ts';
import { schemaDocuments, type WalkDocument } from '../../torture/rights/schema-documents.ts';
import { createGroup, mark, send } from './conversation.ts';
import * as documents from './documents.ts';
import { type Person, type RunningServer, startTestServer, take } from './running-server.ts';

let server: RunningServer;
/** Two who may see all of a group, and differ in whatever a viewer can differ in: role, mark, mentions, reactions. */
let ada: Person;
let ben: Person;
let version: number;

beforeAll(async () => {
  server = await startTestServer({ environment: { HIGHWATER_RATE_LIMITS: 'off' } });
  const [first, second, cyd] = (await Promise.all(['ada', 'ben', 'cyd'].map((name) => server.person(name)))) as [
    Person,
    Person,
    Person,
  ];
  [ada, ben] = [first, second];
  await createGroup(ada, 'g', [ben, cyd]);
  await createGroup(ben, 'of-ben', []);
  await send(ben, 'of-ben', 'm1', 'a word');
  await send(cyd, 'g', 'm1', 'word one', { mentions: ['ada'] });
  await send(cyd, 'g', 'm2', 'word two @all', { replyTo: 'm1' });
  await ben.get(documents.addReaction, { input: { groupId: 'g', messageId: 'm1', emoji: '👍' } });
  await cyd.get(documents.editMessage, { input: { groupId: 'g', messageId: 'm1', text: 'word three' } });
  const { position } = (await mark(ben, 'g', 1)).markReadUpTo;
  const page = { id: 'g', atLeast: position };
  ({ version } = (await ada.get<{ group: { version: number } }>(documents.timelinePage, page)).group);
});
afterAll(() => server.stop());

const nodeIds: Readonly<Record<string, string>> = {
  Group: encodeNodeId({ type: 'Group', groupId: 'g' }),
  Member: encodeNodeId({ type: 'Member', groupId: 'g', userId: 'ben' }),
  Message: encodeNodeId({ type: 'Message', groupId: 'g', messageId: 'm1' }),
};

/** What is asked about: what both may see. */
function subjectOf({ root, branch }: WalkDocument): object {
  const about: Readonly<Record<string, object>> = {
    me: {},
    inbox: { first: 2 },
    mentions: { first: 2 },
    search: { text: 'word', first: 2 },
    group: { groupId: 'g' },
    message: { groupId: 'g', messageId: 'm1' },
    timeline: { groupId: 'g', afterVersion: -1 },
    readCounts: { groupId: 'g' },
    node: { id: nodeIds[branch ?? 'Group'] },
  };
  return about[root] ?? expect.fail(`the walk does not know what to ask ${root} about`);
}

/** `Type.field` of what a document asks for on the way to its leaves, as far as it is marked. */
function markedOnTheWay({ query, leaves }: WalkDocument): readonly string[] {
  const marked: string[] = [];
  const types = new TypeInfo(schema);
  visit(
    parse(query),
    visitWithTypeInfo(types, {
      Field() {
        const [parent, field] = [types.getParentType(), types.getFieldDef()];
        const name = `${parent?.name}.${field?.name}`;
        if (field != null && isViewerDependent(field) && !leaves.includes(name)) marked.push(name);
      },
    }),
  );
  return marked;
}

/** The names under which two answers to the same document differ. */
function differences(one: unknown, other: unknown, name: string): readonly string[] {
  const areObjects = typeof one === 'object' && typeof other === 'object' && one !== null && other !== null;
  if (!areObjects) return one === other ? [] : [name];
  const keys = [...new Set([...Object.keys(one), ...Object.keys(other)])];
  return keys.flatMap((key) => {
    const below = Array.isArray(one) ? name : key;
    return differences(Reflect.get(one, key), Reflect.get(other, key), below);
  });
}

const sockets = new Map<Person, Client>();

async function answerTo(person: Person, document: WalkDocument): Promise<unknown> {
  const about = Object.fromEntries(document.people.map((name) => [name, 'ben']));
  const payload = { query: document.query, variables: { ...subjectOf(document), ...about } };
  if (document.operation === 'query') {
    const { data, errors } = await person.ask(payload.query, payload.variables);
    // Too dear for everybody: what is in it is reached by a shorter way as well.
    if (errors !== undefined) expect(errors).toMatchObject([{ extensions: { reason: 'DOCUMENT_TOO_LARGE' } }]);
    return data;
  }
  const socket = sockets.get(person) ?? person.connect();
  sockets.set(person, socket);
  return take(socket, payload, document.root === 'timeline' ? version + 1 : 1);
}

it('marks a field whose answer depends on who asks, and no other: two members ask for each', async () => {
  const operations = ['query', 'subscription'] as const;
  const asked = operations
    .flatMap((operation) => schemaDocuments(operation, { eachLeafAlone: false }))
    // The changes of one's own groups, and a user by their id: nobody else is shown them.
    .filter(({ operation, root, branch }) => (operation === 'query' || root !== 'inbox') && branch !== 'User');
  const [unmarked, seen]: [Set<string>, Set<string>] = [new Set(), new Set()];
  for (const document of asked) {
    const [one, other] = await Promise.all([ada, ben].map((person) => answerTo(person, document)));
    const differing = differences(one, other, document.root);
    if (differing.length === 0) continue;
    const way = markedOnTheWay(document);
    for (const field of way) seen.add(field);
    for (const name of way.length > 0 ? [] : differing) {
      const field = document.leaves.find((leaf) => leaf.endsWith(`.${name}`));
      if (field !== undefined && markedFields().includes(field)) seen.add(field);
      else unmarked.add(`${field ?? name} in ${document.query}`);
    }
  }
  expect([...unmarked]).toEqual([]);
  expect([...seen].sort()).toEqual(markedFields().filter((field) => field !== 'Subscription.inbox'));
}, 60_000);

function markedFields(): readonly string[] {
  return Object.values(schema.getTypeMap())
    .filter(isObjectType)
    .flatMap((type) =>
      Object.values(type.getFields())
        .filter(isViewerDependent)
        .map(({ name }) => `${type.name}.${name}`),
    )
    .sort();
}
