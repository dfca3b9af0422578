import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import graphqlPlugin from '@graphql-eslint/eslint-plugin';
import { ESLint } from 'eslint';
import { afterAll, beforeAll, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const schemaFile = join(root, 'schema.graphql');
let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'highwater-lint-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

/** What graphql-eslint's rules for schemas are not to say, each with the reason. Whatever else they say fails. */
const exceptions: readonly { readonly rule: string; readonly says: RegExp; readonly why: string }[] = [
  {
    rule: 'no-typename-prefix',
    says: /^Field "(groupId|messageId|userId)" /,
    why: 'Natural keys are named by kind wherever they stand, so that they read the same in inputs and in answers.',
  },
  {
    rule: 'alphabetize',
    says: /./,
    why: 'The file is sorted by graphql’s own printer, which compares words in another way than the rule does.',
  },
  {
    rule: 'strict-id-in-types',
    says: /^type "\w+(Connection|Edge|Payload)" /,
    why: 'Pages and answers of mutations are as they were asked for: nothing is fetched again by them.',
  },
  {
    rule: 'strict-id-in-types',
    says: /^type "(MessageAdded|MessageChanged|MessageRemoved|ReactionsChanged|MembersChanged|GroupChanged|Resync)" /,
    why: 'Items of a timeline are events: they are told once, and their version is their place.',
  },
  {
    rule: 'strict-id-in-types',
    says: /^type "(InboxItem|MarkRefusal|MarkResult|Membership|Reaction|Reader|ReadCountRange|ReadCountsItem|ReadExplanation|PageInfo)" /,
    why: 'Values that belong to the object or the answer around them.',
  },
  {
    rule: 'relay-edge-types',
    says: /^Edge type's field `node` must implement `Node` interface\.$/,
    why: 'An inbox and the readers of a message hold such values: the group and the member in them are nodes.',
  },
  {
    rule: 'no-root-type',
    says: /^Root type `(Mutation|Subscription)` /,
    why: 'The rule is for schemas that read only.',
  },
  {
    rule: 'require-field-of-type-query-in-mutation-result',
    says: /./,
    why: 'A payload carries the position of its change, and a query of its own waits for that with atLeast.',
  },
  {
    rule: 'require-nullable-result-in-root',
    says: /"User" in type "Query"/,
    why: 'me is refused only where everything is.',
  },
];

const { configs } = graphqlPlugin;
const ofThisSchema: Readonly<Record<string, ['error', object]>> = {
  // Relay's specification asks for one direction at least: a list whose store reads it from its beginning goes that way.
  '@graphql-eslint/relay-arguments': ['error', { includeBoth: false }],
  // `nodes` is what clients that keep no cursors ask for; short lists that are whole need no places either.
  '@graphql-eslint/relay-edge-types': ['error', { listTypeCanWrapOnlyEdgeType: false }],
};

async function eslintSays(schema: string): Promise<readonly (readonly [rule: string, message: string])[]> {
  const file = join(directory, 'schema.graphql');
  await writeFile(file, schema);
  const eslint = new ESLint({
    cwd: directory,
    overrideConfigFile: true,
    overrideConfig: [
      {
        files: ['**/*.graphql'],
        plugins: { '@graphql-eslint': graphqlPlugin as never },
        languageOptions: { parser: graphqlPlugin.parser, parserOptions: { graphQLConfig: { schema: file } } },
        rules: { ...configs['flat/schema-all'].rules, ...configs['flat/schema-relay'].rules, ...ofThisSchema },
      },
    ],
  });
  const results = await eslint.lintFiles([file]);
  return results.flatMap(({ messages }) =>
    messages.map(({ ruleId, message }) => [String(ruleId).replace('@graphql-eslint/', ''), message] as const),
  );
}

it('the schema rules of graphql-eslint say nothing but what has a reason here, and all of that', async () => {
  const said = await eslintSays(await readFile(schemaFile, 'utf8'));
  const used = new Set<object>();
  const unexplained = said.filter(([rule, message]) => {
    const exception = exceptions.find((one) => one.rule === rule && one.says.test(message));
    if (exception !== undefined) used.add(exception);
    return exception === undefined;
  });
  expect(unexplained).toEqual([]);
  expect(exceptions.filter((exception) => !used.has(exception))).toEqual([]);
});

it('graphql-eslint would say what is wrong', async () => {
  const schema = await readFile(schemaFile, 'utf8');
  const spoiled = schema
    .replace(/"""Where a page stands in its list."""\n/, '')
    .replace('  hasNextPage: Boolean!', '  hasNextPage: Boolean');
  const rules = new Set((await eslintSays(spoiled)).map(([rule]) => rule));
  expect([...rules]).toEqual(expect.arrayContaining(['require-description', 'relay-page-info']));
});

/** It reads what graphql 16 makes of a document, and has not learnt graphql 17: it is run on a graphql of its own. */
async function schemaLinterSays(file: string): Promise<string> {
  const linter = join(root, 'node_modules/graphql-schema-linter/lib/cli.js');
  const hook = fileURLToPath(new URL('lint/on-graphql-16.ts', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', hook, linter, file, '--format', 'json'], {
    cwd: root,
  }).catch((error: { stdout: string }) => error);
  return stdout;
}

it('graphql-schema-linter says nothing', async () => {
  expect(JSON.parse(await schemaLinterSays(schemaFile))).toEqual({ errors: [] });
});

it('graphql-schema-linter would say what is wrong', async () => {
  const file = join(directory, 'spoiled.graphql');
  const schema = await readFile(schemaFile, 'utf8');
  await writeFile(
    file,
    schema.replace(/"""Where a page stands in its list."""\n/, '').replace('edges: [InboxEdge!]!', 'edges: InboxEdge'),
  );
  const { errors } = JSON.parse(await schemaLinterSays(file)) as { errors: readonly { rule: string }[] };
  expect(errors.map(({ rule }) => rule).sort()).toEqual(['relay-connection-types-spec', 'types-have-descriptions']);
});
