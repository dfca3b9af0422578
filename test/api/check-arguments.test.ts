import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import {
  type GraphQLField,
  type GraphQLInputType,
  getNullableType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isObjectType,
} from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ApiError } from '../../src/api/error-table.ts';
import { schema } from '../../src/api/schema/schema.ts';
import { type Person, type RunningServer, startTestServer } from './running-server.ts';

const large = 'x'.repeat(3_900_000);
const badIds = ['', ' ', 'a b', 'a\n', 'a\u0000', '\u00a0', '\u200b', '\ud800', 'a\udc00', 'x'.repeat(129), large];
const unseenIds = ['e\u0301', '\u212b', 'a\u3164', 'a\ufe0f', 'a\u2800', 'a\u034f'];
const encoded = (text: string) => Buffer.from(text).toString('base64url');
/** Of no type, of another number of parts, and every other spelling of one that is good. */
const badGlobalIds = [
  ...['good', encoded('X g'), encoded('G'), encoded('G '), encoded('G g m'), encoded('M g'), encoded('M g m m')],
  ...[encoded('G g '), encoded(' G g'), encoded('g g'), encoded('G\u00a0g'), encoded(`U ${'x'.repeat(129)}`)],
  ...[
    `${encoded('G g')}=`,
    `${encoded('G gg')}==`,
    encoded('U gg').replace(/.$/, 'B'),
    ` ${encoded('G g')}`,
    `${encoded('G g')}\n`,
  ],
  ...[Buffer.from('U \u{1f600}?>').toString('base64'), Buffer.from([0x47, 0x20, 0xff]).toString('base64url')],
];
const badTexts = ['\ud800', 'a\udc00b', 'x'.repeat(16_001), large];

/** A value of a type with one id or text in it, and how to put another in that place. */
interface Place {
  readonly path: string;
  readonly kind: 'ID' | 'String';
  /** Of an id that names anything, of whatever type. */
  readonly isGlobal?: boolean;
  fill(value: string): unknown;
}

/** Every place within a value of this type that takes an id or a text. */
function placesIn(path: string, type: GraphQLInputType): readonly Place[] {
  const given = getNullableType(type);
  if (isListType(given)) {
    const good = goodValue(given.ofType);
    return placesIn(`${path}[]`, given.ofType).map((place) => ({
      ...place,
      fill: (value) => [good, place.fill(value)],
    }));
  }
  if (isInputObjectType(given)) {
    const good = goodValue(given) as object;
    return Object.values(given.getFields()).flatMap((field) =>
      placesIn(`${path}.${field.name}`, field.type).map((place) => ({
        ...place,
        fill: (value) => ({ ...good, [field.name]: place.fill(value) }),
      })),
    );
  }
  const { name } = given;
  return name === 'ID' || name === 'String' ? [{ path, kind: name, fill: (value) => value }] : [];
}

/** What passes: the required fields only. */
function goodValue(type: GraphQLInputType): unknown {
  const given = getNullableType(type);
  if (isListType(given)) return [];
  if (isEnumType(given)) return given.getValues()[0]?.value;
  if (!isInputObjectType(given)) return given.name === 'Int' ? 1 : 'good';
  const required = Object.values(given.getFields()).filter((field) => isNonNullType(field.type));
  return Object.fromEntries(required.map((field) => [field.name, goodValue(field.type)]));
}

/** Whoever looks at anything of it has gone on with the arguments. */
class Reached extends Error {}
const untouchable = new Proxy(
  {},
  {
    get(): never {
      throw new Reached('the resolver was reached');
    },
  },
);

async function answer(field: GraphQLField<unknown, unknown>, values: object): Promise<unknown> {
  const resolve = field.subscribe ?? field.resolve;
  try {
    return await (resolve as (...all: unknown[]) => unknown)(untouchable, values, untouchable, untouchable);
  } catch (error) {
    return error;
  }
}

const fields = Object.values(schema.getTypeMap()).flatMap((type) =>
  isObjectType(type) && !type.name.startsWith('__')
    ? Object.values(type.getFields()).map((field) => ({ where: `${type.name}.${field.name}`, field }))
    : [],
);
const places = fields.flatMap(({ where, field }) => {
  const required = field.args.filter(({ type }) => isNonNullType(type));
  const good = Object.fromEntries(required.map(({ name, type }) => [name, goodValue(type)]));
  return field.args.flatMap(({ name, type }) =>
    placesIn(`${where}(${name})`, type).map((place) => ({
      field,
      good,
      name,
      place: { ...place, isGlobal: place.path === 'Query.node(id)' },
    })),
  );
});

/** One of several, which its resolver refuses by itself: see bad-input.test.ts. */
const refusedByResolver = 'Mutation.markReadUpTo(input).marks[].groupId';
const checkedPlaces = places.filter(({ place }) => place.path !== refusedByResolver);

describe('every id and text of the schema', () => {
  it('is found by the walk', () => {
    const found = places.map(({ place }) => place.path);
    for (const path of [
      'Query.message(messageId)',
      'Group.members(after)',
      'Subscription.timeline(groupId)',
      'Mutation.addMembers(input).members[].userId',
      'Mutation.markReadUpTo(input).marks[].groupId',
      'Mutation.sendMessage(input).mentions[]',
      'Mutation.addReaction(input).emoji',
    ]) {
      expect(found).toContain(path);
    }
  });

  it.each(checkedPlaces.map((found) => [found.place.path, found] as const))(
    '%s is refused at the door when it is none',
    async (_, { field, good, name, place }) => {
      const badOnes = place.isGlobal ? badGlobalIds : unseenIds;
      for (const value of place.kind === 'ID' ? [...badIds, ...badOnes] : badTexts) {
        const refused = await answer(field, { ...good, [name]: place.fill(value) });
        expect(refused).toBeInstanceOf(ApiError);
        expect(refused).toMatchObject({ code: 'BAD_INPUT' });
        expect((refused as ApiError).message.length).toBeLessThan(200);
      }
      // A cursor that is none is refused by who decodes it.
      expect(
        String(await answer(field, { ...good, [name]: place.fill(place.isGlobal ? encoded('G g') : 'good') })),
      ).toMatch(/reached|cursor is malformed/);
    },
  );
});

describe('what is refused at the door over HTTP', () => {
  let server: RunningServer;
  let ada: Person;

  beforeAll(async () => {
    server = await startTestServer();
    ada = await server.person('ada');
  });
  afterAll(() => server.stop());

  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc') as () => void;
  const heldBytes = () => {
    collectGarbage();
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  };

  it('leaves no memory behind, as a variable, in the document, or as what GraphQL itself refuses', async () => {
    const id = (index: number) => `${index}${large}`;
    const requests: ((index: number) => Promise<string>)[] = [
      (index) => ada.refused('query ($id: ID!) { group(groupId: $id) { id } }', { id: id(index) }),
      (index) => ada.refused(`{ group(groupId: "${id(index)}") { id } }`),
      (index) => ada.refused('query ($at: Position) { inbox(atLeast: $at) { edges { cursor } } }', { at: id(index) }),
      (index) => ada.refused(`{ x${id(index)} }`),
      (index) => ada.refused(`{ ! "${id(index)}" }`),
      (index) =>
        ada.refused(`query ($after: String) { inbox(after: $after) { edges { cursor } } }`, { after: id(index) }),
    ];
    for (const request of requests) expect(await request(0)).toBe('BAD_INPUT');
    const before = heldBytes();
    for (const request of requests) {
      for (let index = 1; index <= 12; index += 1) await request(index);
    }
    // The last few bodies may still be with their sockets; remembered, all of them were 343 MB.
    expect(heldBytes() - before).toBeLessThan(60_000_000);
  });
});
