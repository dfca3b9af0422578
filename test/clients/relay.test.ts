import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'highwater-relay-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

/** What a client of Relay's writes for a group, its pages, and messages that are sent and heard of. */
const chat = `
graphql\`fragment chatGroup on Group @refetchable(queryName: "chatGroupRefetchQuery")
@argumentDefinitions(count: { type: "Int", defaultValue: 20 }, cursor: { type: "String" }) {
  name groupId
  timeline(last: $count, before: $cursor) @connection(key: "chatGroup_timeline") { edges { node { id ...chatMessage } } }
}\`;
graphql\`fragment chatMessage on Message @refetchable(queryName: "chatMessageRefetchQuery")
@argumentDefinitions(count: { type: "Int", defaultValue: 20 }, cursor: { type: "String" }) {
  messageId text readers(first: $count, after: $cursor) @connection(key: "chatMessage_readers") { edges { node { readAt } } }
}\`;
graphql\`fragment chatMembers on Group @refetchable(queryName: "chatMembersRefetchQuery")
@argumentDefinitions(count: { type: "Int", defaultValue: 20 }, cursor: { type: "String" }) {
  members(first: $count, after: $cursor) @connection(key: "chatMembers_members") { edges { node { id name } } }
}\`;
graphql\`fragment chatMember on Member @refetchable(queryName: "chatMemberRefetchQuery") { name role }\`;
graphql\`fragment chatUser on User @refetchable(queryName: "chatUserRefetchQuery") { name }\`;
graphql\`query chatQuery($groupId: ID!) { group(groupId: $groupId) { ...chatGroup ...chatMembers } me { ...chatUser } }\`;
graphql\`mutation chatSendMutation($input: SendMessageInput!, $connections: [ID!]!) {
  sendMessage(input: $input) {
    position message @appendNode(connections: $connections, edgeTypeName: "MessageEdge") { id text }
  }
}\`;
graphql\`subscription chatSubscription($groupId: ID!, $afterVersion: Int, $connections: [ID!]!) {
  timeline(groupId: $groupId, afterVersion: $afterVersion) {
    version
    ... on MessageAdded { message @appendNode(connections: $connections, edgeTypeName: "MessageEdge") { id text } }
  }
}\`;
`;

/** The compiler's own binary, with a schema, on what it finds in \`src\`. */
async function compile(
  name: string,
  source: string,
): Promise<{ readonly code: number; readonly said: string; readonly artifacts: string[] }> {
  const cwd = join(directory, name);
  await mkdir(join(cwd, 'src'), { recursive: true });
  await mkdir(join(cwd, 'artifacts'));
  await cp(join(root, 'schema.graphql'), join(cwd, 'schema.graphql'));
  await writeFile(join(cwd, 'src/chat.ts'), source);
  const config = { src: './src', schema: './schema.graphql', language: 'typescript', artifactDirectory: './artifacts' };
  await writeFile(join(cwd, 'relay.config.json'), JSON.stringify(config));
  const compiler = join(root, 'node_modules/relay-compiler/cli.js');
  const { code, stdout, stderr } = await promisify(execFile)(process.execPath, [compiler, 'relay.config.json'], {
    cwd,
  }).then(
    (done) => ({ ...done, code: 0 }),
    (error: { code: number; stdout: string; stderr: string }) => error,
  );
  return { code, said: stdout + stderr, artifacts: (await readdir(join(cwd, 'artifacts'))).sort() };
}

it('Relay’s compiler takes @refetchable on everything that has an id, @connection and @appendNode', async () => {
  const { code, said, artifacts } = await compile('taken', chat);
  expect({ code, said }).toEqual({ code: 0, said: expect.stringContaining('Compilation completed') });
  for (const artifact of [
    'chatGroupRefetchQuery',
    'chatMessageRefetchQuery',
    'chatMemberRefetchQuery',
    'chatSubscription',
  ]) {
    expect(artifacts).toContain(`${artifact}.graphql.ts`);
  }
});

it('Relay’s compiler would refuse @refetchable on what has no id', async () => {
  const { code, said } = await compile(
    'refused',
    'graphql`fragment chatReader on Reader @refetchable(queryName: "chatReaderRefetchQuery") { readAt }`;',
  );
  expect(code).not.toBe(0);
  expect(said).toContain('@refetchable');
});
