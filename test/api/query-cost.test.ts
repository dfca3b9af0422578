import { readFile } from 'node:fs/promises';
import { getIntrospectionQuery, getNamedType, getNullableType, isListType, isObjectType, parse } from 'graphql';
import { describe, expect, it } from 'vitest';
import { operationBudget } from '../../src/api/document-limits.ts';
import { unwieldiness, unwieldinessOfVariables } from '../../src/api/document-shape.ts';
import { createQueryCost } from '../../src/api/query-cost.ts';
import { declaredCost } from '../../src/api/schema/field-cost.ts';
import { schema } from '../../src/api/schema/schema.ts';
import * as documents from './documents.ts';

const queryCost = createQueryCost(schema);
const costOf = (text: string, variables: object = {}, operationName?: string) =>
  queryCost.of(parse(text), operationName, variables as Record<string, unknown>);
const points = (text: string, variables?: object, operationName?: string) =>
  costOf(text, variables, operationName).points;
const group = (selection: string) => `{ group(groupId: "g") { ${selection} } }`;
const message = (selection: string, rest = '') => `{ message(groupId: "g", messageId: "m") { ${selection} } } ${rest}`;

describe('what is declared beside the fields', () => {
  const fields = Object.values(schema.getTypeMap()).flatMap((type) =>
    isObjectType(type) && !type.name.startsWith('__')
      ? Object.values(type.getFields()).map((field) => ({ where: `${type.name}.${field.name}`, field }))
      : [],
  );

  it('says of every list how long it is taken to be', () => {
    const lists = fields.filter(({ field }) => isListType(getNullableType(field.type)));
    const silent = lists.filter(({ field }) => declaredCost(field.extensions).items === undefined);
    expect(lists.length).toBeGreaterThan(10);
    expect(silent.map(({ where }) => where)).toEqual([]);
  });

  it('says of every page which arguments are its size, with their defaults', () => {
    const pages = fields.filter(({ field }) => getNamedType(field.type).name.endsWith('Connection'));
    expect(pages.length).toBeGreaterThan(5);
    for (const { where, field } of pages) {
      const { page } = declaredCost(field.extensions);
      const sizes = field.args.filter(({ name }) => name === 'first' || name === 'last');
      expect({ where, sizes: page?.sizes.toSorted() }).toEqual({ where, sizes: sizes.map(({ name }) => name).sort() });
      const defaults = sizes.flatMap(({ defaultValue }) => (defaultValue === undefined ? [] : [defaultValue]));
      // A list that is read from either end has a default only where neither is said: it stands in the description.
      const described = Number(/(?:newest|first) (\d+)/.exec(field.description ?? '')?.[1]);
      expect({ where, byDefault: page?.byDefault }).toEqual({
        where,
        byDefault: sizes.length === 1 ? defaults[0] : described,
      });
    }
  });

  it('makes items of a page only what lies in a page', () => {
    const items = fields.filter(({ field }) => declaredCost(field.extensions).items === 'page');
    expect(items.length).toBeGreaterThan(3);
    for (const { where } of items) expect(where).toMatch(/^\w+Connection\./);
  });
});

describe('the cost of a query', () => {
  it('is lists times what is selected of each, by their arguments, their defaults and variables', () => {
    const page = (size: string) => `timeline(${size}) { edges { node { seq text } } pageInfo { hasNextPage } }`;
    // For each message: the edge’s node and two fields; once: group, page, edges, pageInfo and its field, which may look.
    expect(points(group(page('last: 10')))).toBe(5 + 10 + 1 + 11 + 10 * 3);
    expect(points(group(page('first: 200, last: 10')))).toBe(27 + 200 * 3);
    expect(points(group('timeline { edges { node { seq text } } pageInfo { hasNextPage } }'))).toBe(27 + 50 * 3);
    expect(points(group(page('first: null')))).toBe(27 + 50 * 3);
    const variable = (declared: string) =>
      `query ($n: Int${declared}) { group(groupId: "g") { timeline(last: $n) { edges { node { seq text } } pageInfo { hasNextPage } } } }`;
    expect(points(variable(''), { n: 7 })).toBe(27 + 7 * 3);
    expect(points(variable(' = 9'), {})).toBe(27 + 9 * 3);
    expect(points(variable(' = 9'), { n: 3 })).toBe(27 + 3 * 3);
    expect(points(variable(''), {})).toBe(27 + 50 * 3);
  });

  it('takes what is no size for the largest', () => {
    for (const size of ['0', '-1', '1000000', '"7"', '1.5', '[1]', 'true']) {
      expect(points(group(`timeline(last: ${size}) { edges { cursor } }`))).toBe(16 + 200);
    }
    const document = 'query ($n: Int) { group(groupId: "g") { timeline(last: $n) { edges { cursor } } } }';
    for (const n of [0, -1, 1e9, '7', 1.5, [1], { a: 1 }]) expect(points(document, { n })).toBe(16 + 200);
  });

  it('counts every alias, inline fragment and spread, and pages within pages', () => {
    const one = points(message('id'));
    expect(points(message('id a: id b: id'))).toBe(one + 2);
    expect(points(message('id ... { a: id } ... on Message { b: id }'))).toBe(one + 2);
    expect(
      points(message('id ...F ...F', 'fragment F on Message { a: id ...G } fragment G on Message { b: id }')),
    ).toBe(one + 4);
    const readers = message('readers(first: 20) { edges { cursor } }');
    const within = group(`timeline(last: 30) { edges { node { readers(first: 20) { edges { cursor } } } } }`);
    expect(points(within)).toBe(5 + 10 + 1 + 30 * (1 + (points(readers) - 5)));
  });

  it('multiplies what a fragment holds by the page it is spread in, each time by that page’s size', () => {
    const fragment = 'fragment Page on MessageConnection { edges { node { ...M } } } fragment M on Message { id seq }';
    const spread = (size: number) => `timeline(last: ${size}) { ...Page }`;
    const inline = (size: number) => `timeline(last: ${size}) { edges { node { id seq } } }`;
    expect(points(`${group(`a: ${spread(7)} b: ${spread(90)}`)} ${fragment}`)).toBe(
      points(group(`a: ${inline(7)} b: ${inline(90)}`)),
    );
  });

  it('leaves in what @skip and @include might leave out', () => {
    const document =
      'query ($no: Boolean!) { me { id @include(if: $no) name @skip(if: true) ...F @include(if: $no) } }';
    expect(points(`${document} fragment F on User { a: id }`, { no: false })).toBe(4);
  });

  it('is that of the operation that is asked for, or of the dearest where that is not said', () => {
    const both = 'query Cheap { me { id } } query Dear { me { id a: id b: id } }';
    expect(points(both, {}, 'Cheap')).toBe(2);
    expect(points(both, {}, 'Dear')).toBe(4);
    expect(points(both)).toBe(4);
  });

  it('counts depth through fragments', () => {
    expect(costOf(message('replyTo { ...F }', 'fragment F on Message { replyTo { author { name } } }')).depth).toBe(5);
  });
});

describe('introspection', () => {
  it('costs what it weighs, and GraphiQL’s passes with ease', () => {
    const whole = points(getIntrospectionQuery({ inputValueDeprecation: true, schemaDescription: true }));
    expect(whole).toBeGreaterThan(2_000);
    expect(whole).toBeLessThan(operationBudget / 2);
  });

  it.each([
    [
      'types within types',
      `{ __schema { types { fields { type { fields { type { fields { type { name } } } } } } } } }`,
    ],
    ['one type by name', `{ __type(name: "Query") { ${'fields { type { '.repeat(5)} name ${'} } '.repeat(5)} } }`],
    [
      'in fragments',
      `{ __schema { types { ...A } } } fragment A on __Type { fields { args { type { ...B } } type { ...B } } }
       fragment B on __Type { fields { type { ...C } } ofType { ...C } } fragment C on __Type { fields { name type { fields { name } } } }`,
    ],
    [
      'by aliases',
      `{ ${Array.from({ length: 90 }, (_, n) => `a${n}: __schema { types { fields { name } } }`).join(' ')} }`,
    ],
    [
      'in a circle where there is nothing',
      '{ __schema { types { interfaces { ...A } } } } fragment A on __Type { interfaces { ...A } }',
    ],
    ['in a circle', '{ __schema { types { ...A } } } fragment A on __Type { ofType { ...A } }'],
  ])('that goes over %s is beyond the budget', (_, document) => {
    expect(points(document)).toBeGreaterThan(operationBudget);
  });
});

/** What stock clients send, at the largest page there is. */
const largestPage = group(
  `name version ${`timeline(last: 200) { edges { cursor node { id seq text sentAt editedAt deletedAt
  mentionsAll readCount audienceCount author { id userId name role isPresent } mentions { id userId name }
  reactions { emoji count } replyTo { id text author { id name } } explain { audience read notYet leftBeforeReading } } }
  pageInfo { hasNextPage hasPreviousPage startCursor endCursor } }`}`,
);

describe('what people send', () => {
  it.each([
    ['a page of 200 messages with everything', largestPage],
    ['all readers of a message', message('readers(first: 200) { edges { node { member { userId name } readAt } } }')],
    [
      'an inbox with each group’s newest message',
      '{ inbox(first: 200) { edges { cursor node { groupId unreadCount lastSeq markedUpTo group { id name memberCount timeline(last: 1) { edges { node { text author { name } } } } } } } } }',
    ],
    ...Object.entries(documents),
  ])('%s is well within the budget', (_, document) => {
    expect(unwieldiness(parse(document))).toBeUndefined();
    expect(points(document, { last: 200 })).toBeLessThan(operationBudget * 0.6);
  });

  it('the README’s documents are within the budget', async () => {
    const readme = await readFile(new URL('../../README.md', import.meta.url), 'utf8');
    const texts = [...readme.matchAll(/'(\{"query":.*\})'/g)].map(
      ([, json]) => (JSON.parse(json ?? '') as { query: string }).query,
    );
    expect(texts.length).toBeGreaterThan(3);
    for (const text of texts) expect(points(text)).toBeLessThan(operationBudget / 10);
  });
});

const numbered = (count: number, text: (index: number) => string, separator = ' ') =>
  Array.from({ length: count }, (_, index) => text(index)).join(separator);

describe('bombs', () => {
  const doubling = `${message('...F0')} ${numbered(
    120,
    (n) => `fragment F${n} on Message { ...F${n + 1} ...F${n + 1} }`,
  )} fragment F120 on Message { id }`;

  it('of fragments are counted in one pass over the document', () => {
    expect(points(doubling)).toBeGreaterThan(1e30);
    expect(points(message('...A', 'fragment A on Message { replyTo { ...B } } fragment B on Message { ...A }'))).toBe(
      Infinity,
    );
    expect(costOf(message('...A', 'fragment A on Message { ...A }')).depth).toBe(Infinity);
  });

  it.each([
    ['fields of one name', `{ ${'me { id } '.repeat(200)} }`],
    ['fields of one name in inline fragments', `{ ${'... on Query { me { id } } '.repeat(200)} }`],
    ['fields of one name, a few in each of many selections', message(numbered(60, (n) => `a${n}: replyTo { id id }`))],
    [
      'fragments',
      `{ ${numbered(80, (n) => `...F${n}`)} } ${numbered(80, (n) => `fragment F${n} on Query { me { id } }`)}`,
    ],
    ['operations', numbered(40, (n) => `query Q${n} { me { id } }`)],
    ['lists in a value', `{ group(groupId: ${'['.repeat(400)}${']'.repeat(400)}) { id } }`],
    ['objects in a directive’s value', `{ me { id @skip(if: ${'{a:'.repeat(100)}1${'}'.repeat(100)}) } }`],
  ])('of %s are refused before they are validated', (_, document) => {
    expect(unwieldiness(parse(document))).toMatch(/at most \d+/);
  });

  it('of variables are refused before they are coerced', () => {
    const deep = JSON.parse(`${'['.repeat(1_000)}${']'.repeat(1_000)}`) as unknown;
    expect(unwieldinessOfVariables({ deep })).toMatch(/at most 10/);
    expect(unwieldinessOfVariables({ long: Array.from({ length: 60_000 }, () => 1) })).toMatch(/at most 50000/);
    const members = Array.from({ length: 10_000 }, (_, n) => ({ userId: `${n}`, name: `${n}`, role: 'MEMBER' }));
    expect(unwieldinessOfVariables({ input: { groupId: 'g', members } })).toBeUndefined();
  });
});
