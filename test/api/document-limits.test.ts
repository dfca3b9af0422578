import { getIntrospectionQuery } from 'graphql';
import type { Client } from 'graphql-ws';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { itemBudget, operationBudget } from '../../src/api/document-limits.ts';
import { type Person, type RunningServer, startTestServer } from './running-server.ts';

let server: RunningServer;
let ada: Person;
let socket: Client;

beforeAll(async () => {
  server = await startTestServer();
  ada = await server.person('ada');
  socket = ada.connect();
});
afterAll(() => server.stop());

interface Refusal {
  readonly message: string;
  readonly extensions: { readonly code: string; readonly cost?: number; readonly budget?: number };
}
type Ask = (query: string, variables?: object, operationName?: string) => Promise<readonly Refusal[] | undefined>;

async function overSse(query: string, variables: object = {}): Promise<readonly Refusal[] | undefined> {
  const response = await fetch(`${server.url}/graphql`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'text/event-stream',
      authorization: `Bearer ${ada.token}`,
    },
    body: JSON.stringify({ query, variables }),
  });
  const told = /^data: (\{.*\})$/m.exec(await response.text())?.[1] ?? '{}';
  return (JSON.parse(told) as { errors?: readonly Refusal[] }).errors;
}

async function overWebSocket(query: string, variables: object = {}): Promise<readonly Refusal[] | undefined> {
  const ended = Promise.withResolvers<readonly Refusal[] | undefined>();
  let errors: readonly Refusal[] | undefined;
  socket.subscribe(
    { query, variables: variables as Record<string, unknown> },
    {
      next: (result) => {
        errors = result.errors as unknown as readonly Refusal[] | undefined;
      },
      error: (refused) => ended.resolve(refused as readonly Refusal[]),
      complete: () => ended.resolve(errors),
    },
  );
  return ended.promise;
}

const overHttp: Ask = async (query, variables) => (await ada.ask(query, variables)).errors;
const ways: readonly (readonly [string, Ask])[] = [
  ['HTTP', overHttp],
  ['server-sent events', overSse],
  ['WebSocket', overWebSocket],
];

const numbered = (count: number, text: (index: number) => string) =>
  Array.from({ length: count }, (_, index) => text(index)).join(' ');
const nested = (levels: number): string =>
  levels === 0 ? 'seq' : `group { timeline(last: 120) { edges { node { ${nested(levels - 1)} } } } }`;

describe.each(ways)('over %s', (_, ask) => {
  it('a query beyond the budget is told what it costs and what it may', async () => {
    const readers =
      'query ($n: Int!) { group(groupId: "g") { timeline(last: $n) { edges { node { readers(first: 200) { edges { node { readAt } } } } } } } }';
    const [refused] = (await ask(readers, { n: 200 })) ?? [];
    expect(refused?.extensions).toMatchObject({ code: 'BAD_INPUT', budget: operationBudget });
    expect(refused?.extensions.cost).toBeGreaterThan(200 * 200);
    // The same document with a smaller page: nothing is remembered that depends on variables.
    expect(await ask(readers, { n: 5 })).toMatchObject([{ extensions: { code: 'NOT_FOUND' } }]);
    expect(await ask(readers, { n: 200 })).toMatchObject([{ extensions: { cost: refused?.extensions.cost } }]);
  });

  it('pages within pages and introspection within introspection are refused', async () => {
    const pages = `{ message(groupId: "g", messageId: "m") { ${nested(2)} } }`;
    expect(await ask(pages)).toMatchObject([{ extensions: { code: 'BAD_INPUT', budget: operationBudget } }]);
    const spread = `{ group(groupId: "g") { ...G } } fragment G on Group { timeline(last: 200) { edges { node { ...M } } } }
      fragment M on Message { group { timeline(last: 200) { edges { cursor } } } }`;
    expect(await ask(spread)).toMatchObject([{ extensions: { code: 'BAD_INPUT', budget: operationBudget } }]);
    const introspection = `{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }`;
    expect(await ask(introspection)).toMatchObject([{ extensions: { code: 'BAD_INPUT', budget: operationBudget } }]);
  });

  it('GraphiQL’s introspection is answered', async () => {
    expect(await ask(getIntrospectionQuery())).toBeUndefined();
  });

  it.each([
    ['too many tokens', 'DOCUMENT_TOO_LARGE', `{ ${numbered(400, (n) => `a${n}: me { id }`)} }`],
    ['too long a text', 'DOCUMENT_TOO_LARGE', `{ me { id } } # ${'x'.repeat(70_000)}`],
    [
      'fragments in a circle',
      'DOCUMENT_INVALID',
      '{ me { ...A } } fragment A on User { ...B } fragment B on User { ...A }',
    ],
    [
      'too deep',
      'DOCUMENT_TOO_LARGE',
      `{ message(groupId: "g", messageId: "m") { ${'replyTo { '.repeat(14)} id ${'}'.repeat(14)} } }`,
    ],
    ['the same field again and again', 'DOCUMENT_TOO_LARGE', `{ ${'me { id } '.repeat(100)} }`],
    [
      'a list in a list in a list …',
      'DOCUMENT_TOO_LARGE',
      `{ group(groupId: ${'['.repeat(500)}${']'.repeat(500)}) { id } }`,
    ],
    ['unknown fields', 'DOCUMENT_INVALID', `{ ${numbered(1_500, (n) => `nameOf${n}`)} }`],
  ])('%s is refused in a short answer, as %s', async (_name, reason, document) => {
    const errors = (await ask(document)) ?? [];
    expect(errors.length).toBeGreaterThan(0);
    expect(errors.length).toBeLessThan(20);
    for (const { message, extensions } of errors) {
      expect(extensions).toMatchObject({ code: 'BAD_INPUT', reason });
      expect(message.length).toBeLessThan(600);
    }
  });

  it('variables that are too many or too deep are refused', async () => {
    const document = 'mutation ($input: SendMessageInput!) { sendMessage(input: $input) { position } }';
    for (const mentions of [Array.from({ length: 60_000 }, () => 'x'), [[[[[[[[[[[['x']]]]]]]]]]]]]) {
      const input = { groupId: 'g', messageId: 'm', text: 'x', mentions };
      expect(await ask(document, { input })).toMatchObject([{ extensions: { code: 'BAD_INPUT' } }]);
    }
  });
});

it.each([ways[1], ways[2]].flatMap((way) => (way === undefined ? [] : [way])))(
  'over %s a subscription is held to what one item may cost',
  async (_, ask) => {
    const subscription =
      'subscription { inbox { group { timeline(last: 200) { edges { cursor node { id seq text author { name } readCount audienceCount sentAt } } } } } }';
    const budget = itemBudget;
    expect(await ask(subscription)).toMatchObject([{ extensions: { code: 'BAD_INPUT', budget } }]);
  },
);

it('many requests in one body are refused', async () => {
  const response = await fetch(`${server.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${ada.token}` },
    body: JSON.stringify([{ query: '{ me { id } }' }, { query: '{ me { id } }' }]),
  });
  expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'BAD_INPUT' } }] });
});
