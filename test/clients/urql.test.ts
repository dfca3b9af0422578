import { Client, fetchExchange, gql } from '@urql/core';
import { type CacheExchangeOpts, cacheExchange } from '@urql/exchange-graphcache';
import { getIntrospectionQuery, type IntrospectionQuery } from 'graphql';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTwoGroups, type TwoGroups, textsIn, textsOf, type WholeGroup, wholeGroup } from './two-groups.ts';

let stage: TwoGroups;
let introspected: IntrospectionQuery;
beforeAll(async () => {
  stage = await startTwoGroups();
  introspected = await stage.ada.get<IntrospectionQuery>(getIntrospectionQuery());
});
afterAll(() => stage.server.stop());

/** As urql's documentation has it for types that are part of what is around them: the schema says which, they have no id. */
const withoutId = (): NonNullable<CacheExchangeOpts['keys']> =>
  Object.fromEntries(
    introspected.__schema.types.flatMap((type) =>
      type.kind === 'OBJECT' && !type.fields.some(({ name }) => name === 'id') ? [[type.name, () => null]] : [],
    ),
  );

function clientOf(said: string[]): Client {
  const { server, ada } = stage;
  const logger = (severity: string, message: string) => {
    // What it says for debugging is that something is not in the cache yet.
    if (severity !== 'debug') said.push(message);
  };
  return new Client({
    url: `${server.url}/graphql`,
    preferGetMethod: false,
    fetchOptions: { headers: { authorization: `Bearer ${ada.token}` } },
    exchanges: [cacheExchange({ schema: introspected as never, keys: withoutId(), logger }), fetchExchange],
  });
}

const groupIds = ['lunch', 'lunch/m1'];

it('urql’s graphcache prints no warning with the introspected schema, and holds two groups apart', async () => {
  const said: string[] = [];
  const client = clientOf(said);
  for (const groupId of groupIds) {
    const { data, error } = await client.query<WholeGroup>(wholeGroup, { groupId }).toPromise();
    expect(error).toBeUndefined();
    expect(textsOf(data)).toEqual(textsIn(groupId));
  }
  const cached = async (groupId: string) =>
    (await client.query<WholeGroup>(wholeGroup, { groupId }, { requestPolicy: 'cache-only' }).toPromise()).data;
  for (const groupId of groupIds) expect(textsOf(await cached(groupId))).toEqual(textsIn(groupId));
  const edit = gql`mutation ($input: EditMessageInput!) { editMessage(input: $input) { position message { id text } } }`;
  await client.mutation(edit, { input: { groupId: 'lunch', messageId: 'm2', text: 'edited' } }).toPromise();
  expect(textsOf(await cached('lunch'))).toEqual([textsIn('lunch')[0], ['m2', 'edited']]);
  expect(textsOf(await cached('lunch/m1'))).toEqual(textsIn('lunch/m1'));
  expect(said).toEqual([]);
});

it('graphcache would warn of what the schema does not know', async () => {
  const said: string[] = [];
  const client = clientOf(said);
  await client.query('{ me { id } }', {}).toPromise();
  await client.query('{ me { id nickname } }', {}).toPromise();
  expect(said).toEqual([expect.stringContaining('nickname')]);
});
