import { afterAll, describe, expect, it } from 'vitest';
import { startTestServer } from './running-server.ts';
import { converse, type Message, subscribe } from './socket-frames.ts';

const server = await startTestServer();
afterAll(() => server.stop());
const ada = await server.person('ada');
const bearer = `Bearer ${ada.token}`;

const init = () => ({ type: 'connection_init', payload: { authorization: bearer } });
const subscription = subscribe({ query: 'subscription { inbox { groupId } }' });
const types = (messages: readonly Message[]) => messages.map(({ type }) => type);

/** Each message, and what becomes of the socket: before connection_init, after it, and with a subscription under way. */
const everyMessage: readonly (readonly [
  what: string,
  frame: string | object,
  before: string,
  after: string,
  within: string,
])[] = [
  ['connection_init', { type: 'connection_init', payload: {} }, '4401', '4429', '4429'],
  ['connection_init of another form', { type: 'connection_init', payload: [] }, '4400', '4400', '4400'],
  ['ping', { type: 'ping' }, 'pong', 'pong', 'pong'],
  ['ping with a payload', { type: 'ping', payload: { a: [1] } }, 'pong', 'pong', 'pong'],
  ['ping of another form', { type: 'ping', payload: 'a' }, '4400', '4400', '4400'],
  ['pong', { type: 'pong' }, '', '', ''],
  ['subscribe without a query', subscribe({}), '4400', '4400', '4400'],
  ['subscribe without an id', { type: 'subscribe', payload: { query: '{ __typename }' } }, '4400', '4400', '4400'],
  ['subscribe under an id of nothing', subscribe({ query: '{ __typename }' }, ''), '4400', '4400', '4400'],
  [
    'subscribe under a number',
    { type: 'subscribe', id: 1, payload: { query: '{ __typename }' } },
    '4400',
    '4400',
    '4400',
  ],
  ['subscribe with a list of variables', subscribe({ query: '{ __typename }', variables: [] }), '4400', '4400', '4400'],
  [
    'subscribe with a name that is none',
    subscribe({ query: '{ __typename }', operationName: 1 }),
    '4400',
    '4400',
    '4400',
  ],
  ['subscribe under an id in use', subscription, '4401', '', '4409'],
  ['complete', { type: 'complete', id: '1' }, '', '', ''],
  ['complete of what there is not', { type: 'complete', id: 'nothing' }, '', '', ''],
  ['complete without an id', { type: 'complete' }, '4400', '4400', '4400'],
  ['connection_ack', { type: 'connection_ack' }, '4400', '4400', '4400'],
  ['next', { type: 'next', id: '1', payload: { data: {} } }, '4400', '4400', '4400'],
  ['error', { type: 'error', id: '1', payload: [{ message: 'a' }] }, '4400', '4400', '4400'],
  [
    'start, of the older protocol',
    { type: 'start', id: '1', payload: { query: '{ __typename }' } },
    '4400',
    '4400',
    '4400',
  ],
  ['connection_terminate, of the older protocol', { type: 'connection_terminate' }, '4400', '4400', '4400'],
  ['nothing', '', '4400', '4400', '4400'],
  ['null', 'null', '4400', '4400', '4400'],
  ['a text', '"ping"', '4400', '4400', '4400'],
  ['a list', '[{"type":"ping"}]', '4400', '4400', '4400'],
  ['a type that is no text', '{"type":["ping"]}', '4400', '4400', '4400'],
  ['a prototype', '{"type":"ping","__proto__":{"payload":1}}', 'pong', 'pong', 'pong'],
  ['a key twice, of which the last counts', '{"type":"nonsense","type":"ping"}', 'pong', 'pong', 'pong'],
  ['JSON with white space around it', ' \n{"type":"ping"}\t', 'pong', 'pong', 'pong'],
  ['JSON with a comma too many', '{"type":"ping",}', '4400', '4400', '4400'],
  ['a number that is too large for JavaScript', '{"type":"ping","payload":{"a":1e999}}', 'pong', 'pong', 'pong'],
];

describe.each(everyMessage)('%s', (_what, frame, before, after, within) => {
  it.each([
    ['before connection_init', before, []],
    ['after it', after, [init]],
    ['with a subscription under way', within, [init, () => subscription]],
  ] as const)('%s: %j', async (_state, expected, first) => {
    const { messages, closed } = await converse(server.url, [...first.map((make) => make()), frame]);
    const answers = types(messages).filter((type) => type !== 'connection_ack');
    expect(closed === undefined ? answers.join() : String(closed.code)).toBe(expected);
  });
});

it.each<[what: string, payload: object, type: 'error' | 'next', words: string]>([
  ['a syntax error', { query: '{ me {' }, 'error', 'Syntax Error'],
  ['a document that is not valid', { query: '{ nothing }' }, 'error', 'Cannot query field'],
  [
    'an operation that there is not',
    { query: 'query A { __typename }', operationName: 'B' },
    'error',
    'Unable to identify',
  ],
  [
    'two operations and no name',
    { query: 'query A { __typename } query B { __typename }' },
    'error',
    'Unable to identify',
  ],
  ['no document', { query: '' }, 'error', 'Syntax Error'],
  [
    'two subscriptions at once',
    { query: 'subscription { a: inbox { groupId } b: inbox { groupId } }' },
    'error',
    'must select only one',
  ],
  [
    'a variable of another type',
    { query: 'query ($a: Int) { inbox(first: $a) { pageInfo { hasNextPage } } }', variables: { a: 'x' } },
    'next',
    '$a',
  ],
  [
    'a group that there is not',
    { query: 'mutation { leaveGroup(input: { groupId: "nothing" }) { position } }' },
    'next',
    'no such group',
  ],
  [
    'a hash that is not known',
    { query: '', extensions: { persistedQuery: { version: 1, sha256Hash: 'a' } } },
    'error',
    'PersistedQueryNotFound',
  ],
])('%s is answered with a code, without what is meant for HTTP', async (_what, payload, type, words) => {
  const marked = {
    ...payload,
    extensions: { ...('extensions' in payload ? (payload.extensions as object) : {}), is: 'one answer' },
  };
  const { messages, closed } = await converse(server.url, [init(), subscribe(marked)]);
  expect(closed).toBeUndefined();
  const answer = messages.find(({ id }) => id === '1');
  expect(answer?.type).toBe(type);
  const errors = type === 'error' ? answer?.payload : (answer?.payload as { errors?: unknown } | undefined)?.errors;
  expect(errors).toEqual([
    expect.objectContaining({
      message: expect.stringContaining(words),
      extensions: expect.objectContaining({ code: expect.stringMatching(/^(BAD_INPUT|NOT_FOUND)$/) }),
    }),
  ]);
  expect(JSON.stringify(messages)).not.toContain('"http"');
});

it('an id of 100,000 letters comes back whole, and is free again after its answer', async () => {
  const id = 'é'.repeat(100_000);
  const question = { query: '{ __typename }', extensions: { is: 'one answer' } };
  const { messages, closed } = await converse(server.url, [init(), subscribe(question, id), subscribe(question, id)]);
  expect(closed).toBeUndefined();
  expect(messages.filter((message) => message.id === id && message.type === 'next').length).toBeGreaterThan(0);
});
