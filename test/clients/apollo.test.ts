import { ApolloClient, gql, HttpLink, InMemoryCache } from '@apollo/client';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { startTwoGroups, type TwoGroups, textsIn, textsOf, type WholeGroup, wholeGroup } from './two-groups.ts';

let stage: TwoGroups;
beforeAll(async () => {
  stage = await startTwoGroups();
});
afterAll(() => stage.server.stop());

it('Apollo’s cache, as it is by default, holds two groups with the same message ids apart', async () => {
  const said = (['error', 'warn'] as const).map((level) => vi.spyOn(console, level));
  const { server, ada } = stage;
  const link = new HttpLink({ uri: `${server.url}/graphql`, headers: { authorization: `Bearer ${ada.token}` } });
  const client = new ApolloClient({ link, cache: new InMemoryCache() });
  const query = gql(wholeGroup);
  const groupIds = ['lunch', 'lunch/m1'];
  for (const groupId of groupIds) await client.query({ query, variables: { groupId } });
  const cached = (groupId: string) => client.readQuery<WholeGroup>({ query, variables: { groupId } });
  for (const groupId of groupIds) expect(textsOf(cached(groupId))).toEqual(textsIn(groupId));
  const messages = Object.values(client.extract() as Record<string, unknown>).filter(
    (one) => (one as { __typename?: string }).__typename === 'Message',
  );
  expect(messages).toHaveLength(4);

  // A change of one message changes that one, in whatever list it is shown.
  const edit = gql`mutation ($input: EditMessageInput!) { editMessage(input: $input) { position message { id text } } }`;
  await client.mutate({ mutation: edit, variables: { input: { groupId: 'lunch', messageId: 'm2', text: 'edited' } } });
  expect(textsOf(cached('lunch'))).toEqual([textsIn('lunch')[0], ['m2', 'edited']]);
  expect(textsOf(cached('lunch/m1'))).toEqual(textsIn('lunch/m1'));

  // What is in the cache is fetched again by its id.
  const id = cached('lunch')?.group.timeline.edges[1]?.node.id ?? expect.fail('it is not in the cache');
  const again = gql`query ($id: ID!) { node(id: $id) { id ... on Message { text } } }`;
  expect((await client.query({ query: again, variables: { id } })).data).toMatchObject({
    node: { id, text: 'edited' },
  });
  for (const spy of said) expect(spy.mock.calls).toEqual([]);
});
