import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Person, type RunningServer, startTestServer } from './running-server.ts';

let server: RunningServer;
let ada: Person;
let bob: Person;

const create = 'mutation ($input: CreateGroupInput!) { createGroup(input: $input) { group { name } } }';
const rename = 'mutation ($input: RenameGroupInput!) { renameGroup(input: $input) { group { name } } }';
const send = 'mutation ($input: SendMessageInput!) { sendMessage(input: $input) { message { seq text } } }';
const reactions = '{ message { reactions { emoji count } } }';
const add = `mutation ($input: ReactionInput!) { addReaction(input: $input) ${reactions} }`;
const remove = `mutation ($input: ReactionInput!) { removeReaction(input: $input) ${reactions} }`;

interface Sent {
  readonly sendMessage: { readonly message: { readonly seq: number; readonly text: string } };
}

const sendAs = (person: Person, messageId: string, text: string): Promise<Sent> =>
  person.get<Sent>(send, { input: { groupId: 'g', messageId, text } });

beforeAll(async () => {
  server = await startTestServer();
  ada = await server.person('ada');
  bob = await server.person('bob');
  await ada.get(create, { input: { groupId: 'g', name: 'Group', members: [{ userId: 'bob', name: 'Bob' }] } });
});
afterAll(() => server.stop());

describe('what is sent again in another form of Unicode is the same', () => {
  test('a message', async () => {
    const first = await sendAs(ada, 'same', 'e\u0301te\u0301');
    expect(first.sendMessage.message.text).toBe('\u00e9t\u00e9');
    expect(await sendAs(ada, 'same', '\u00e9t\u00e9')).toEqual(first);
  });

  test('a command with an id', async () => {
    const named = (name: string) => ada.get(rename, { input: { groupId: 'g', commandId: 'rename-1', name } });
    const first = await named('Cafe\u0301 ');
    expect(first).toEqual({ renameGroup: { group: { name: 'Caf\u00e9' } } });
    expect(await named('Caf\u00e9')).toEqual(first);
  });

  test('a reaction, which is one emoji for everybody', async () => {
    await sendAs(ada, 'reacted', 'react');
    const input = { groupId: 'g', messageId: 'reacted' };
    await ada.get(add, { input: { ...input, emoji: '\u2764' } });
    const both = await bob.get<object>(add, { input: { ...input, emoji: '\u2764\ufe0f' } });
    expect(both).toEqual({ addReaction: { message: { reactions: [{ emoji: '\u2764\ufe0f', count: 2 }] } } });
    await bob.get(remove, { input: { ...input, emoji: '\u2764' } });
    const none = await ada.get<object>(remove, { input: { ...input, emoji: '\u2764\ufe0e' } });
    expect(none).toEqual({ removeReaction: { message: { reactions: [] } } });
  });
});

describe('refused with its field', () => {
  test.each([
    ['text', 'TEXT_EMPTY', send, { messageId: 'bad-0', text: ' ' }],
    ['text', 'TEXT_TOO_LONG', send, { messageId: 'bad-0', text: 'x'.repeat(8_001) }],
    ['text', 'TEXT_INVISIBLE', send, { messageId: 'bad-1', text: '\u200b\u3164' }],
    ['text', 'TEXT_ILL_FORMED', send, { messageId: 'bad-2', text: 'half a \ud83d' }],
    ['text', 'TEXT_LEAVES_DIRECTION_OPEN', send, { messageId: 'bad-3', text: '\u202eabc' }],
    ['name', 'NAME_HIDES_CHARACTERS', rename, { name: 'Gro\u200bup' }],
    ['name', 'TEXT_ILL_FORMED', rename, { name: 'Group\ud800' }],
    ['emoji', 'NOT_AN_EMOJI', add, { messageId: 'same', emoji: 'lol' }],
    ['emoji', 'TEXT_ILL_FORMED', add, { messageId: 'same', emoji: '\ud83d' }],
    ['messageId', 'VALUE_INVALID', send, { messageId: 'e\u0301', text: 'a' }],
    ['replyTo', 'VALUE_INVALID', send, { messageId: 'bad-4', text: 'a', replyTo: 'a\u3164' }],
  ])('%s with the reason %s', async (field, reason, document, input) => {
    const { errors } = await ada.ask(document, { input: { groupId: 'g', ...input } });
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'BAD_INPUT', reason, field });
  });

  test('half a surrogate pair in the document itself', async () => {
    const document = `mutation { sendMessage(input: { groupId: "g", messageId: "bad-5", text: "\\ud83d" }) { position } }`;
    expect(await ada.refused(document)).toBe('BAD_INPUT');
    expect(await ada.refused('{ search(groupId: "g", text: "\\ud83d") { edges { cursor } } }')).toBe('BAD_INPUT');
  });
});

describe('an edit', () => {
  const edit = `mutation ($input: EditMessageInput!) {
    editMessage(input: $input) { message { text mentionsAll } }
  }`;

  test('says whether it mentions everybody, and is a mention from then on', async () => {
    await sendAs(ada, 'edited', 'Lunch?');
    const input = { groupId: 'g', messageId: 'edited' };
    const said = (text: string) => ada.get<{ editMessage: object }>(edit, { input: { ...input, text } });
    // What an edit shows is in the read models.
    const mentions = async () => {
      const document = '{ mentions(first: 5) { nodes { messageId } } }';
      return (await bob.get<{ mentions: { nodes: readonly object[] } }>(document)).mentions.nodes;
    };
    expect(await mentions()).toEqual([]);
    expect((await said('Lunch (@all)?')).editMessage).toEqual({
      message: { text: 'Lunch (@all)?', mentionsAll: true },
    });
    expect(await mentions()).toEqual([{ messageId: 'edited' }]);
    expect((await said('Lunch `@all`?')).editMessage).toEqual({
      message: { text: 'Lunch `@all`?', mentionsAll: false },
    });
  });
});

describe('a token', () => {
  test.each([
    ['', 'cyd'],
    ['\u200b\u3164', 'cyd'],
    ['Cy\u200bd', 'Cyd'],
    ['x'.repeat(1_000), 'x'.repeat(200)],
    ['Cyd\u0000', 'Cyd'],
  ])('that calls its bearer %j keeps them from nothing: they are called %j', async (name, called) => {
    const cyd = await server.person('cyd', 600, name);
    const document =
      'mutation ($input: CreateGroupInput!) { createGroup(input: $input) { group { members { edges { node { name } } } } } }';
    const { createGroup } = await cyd.get<{ createGroup: object }>(document, { input: { name: 'Group' } });
    expect(createGroup).toEqual({ group: { members: { edges: [{ node: { name: called } }] } } });
  });

  test('for an id that is not composed is none: it would be another person who looks the same', async () => {
    await expect(server.person('Zoe\u0308').then((zoe) => zoe.refused('{ me { id } }'))).resolves.toBe(
      'UNAUTHENTICATED',
    );
    await expect(server.person('Zo\u00eb').then((zoe) => zoe.refused('{ me { id } }'))).resolves.toBe('not refused');
  });
});
