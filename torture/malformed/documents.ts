import type { Draw } from './draw.ts';

/** Documents that ask for what is there, to be damaged. The group `g` has its members and messages. */
const sound = [
  '{ me { userId name } }',
  '{ group(groupId: "g") { name memberCount timeline(last: 20) { edges { node { id seq text readCount } } } } }',
  'query Q($id: ID!) { group(groupId: $id) { name members(first: 5) { edges { node { userId } } } } }',
  '{ inbox { edges { node { lastSeq group { id } } } } }',
  'mutation M($input: SendMessageInput!) { sendMessage(input: $input) { position message { seq } } }',
  'mutation { markReadUpTo(input: { marks: [{ groupId: "g", upTo: 1 }] }) { position } }',
  'subscription { inbox { groupId lastSeq } }',
  'subscription { timeline(groupId: "g", afterVersion: -1) { __typename } }',
  'subscription { readCounts(groupId: "g") { asOf } }',
] as const;

const nested = (open: string, close: string, times: number, core: string): string =>
  open.repeat(times) + core + close.repeat(times);

/** Documents that are small to send and would be large to answer. */
function bomb(draw: Draw): string {
  const times = 1 + draw.below(400);
  return draw.pick<() => string>([
    () => `{ ${Array.from({ length: times * 3 }, (_, index) => `a${index}: me { id }`).join(' ')} }`,
    () => nested('{ __schema { types ', '} }', 1, nested('{ fields { type ', '} }', draw.below(40), '{ name }')),
    () =>
      nested(
        '{ group(groupId: "g") ',
        '}',
        1,
        nested('{ timeline(first: 120) { edges { node { group ', '} } } }', 14, '{ id }'),
      ),
    () =>
      `{ ...A } ${Array.from({ length: 30 }, (_, i) => `fragment F${i} on Query { ...F${i + 1} ...F${i + 1} }`).join(' ')} fragment A on Query { ...F0 } fragment F30 on Query { me { id } }`,
    () => '{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }',
    () => '{'.repeat(times * 50),
    () => `{ me { id } } #${'x'.repeat(times * 500)}`,
    () => `{ group(groupId: "${'x'.repeat(times * 100)}") { id } }`,
    () => `{ me { id } ${'@include(if: true) '.repeat(times)} }`,
    () => `query(${'$a: ID '.repeat(times)}) { me { id } }`,
  ])();
}

export function anyDocument(draw: Draw): string {
  const document = draw.pick(sound);
  if (draw.chance(0.25)) return bomb(draw);
  return draw.chance(0.6) ? draw.damaged(document) : document;
}

/** JSON values that are not what a variable or a parameter should be. */
const odd = [null, 0, -1, 1e308, true, '', [], {}, [[[]]], { a: { b: {} } }, '\ud800', 'null', 2 ** 53] as const;

function variables(draw: Draw): unknown {
  if (draw.chance(0.4)) return { id: draw.pick(odd), input: draw.pick(odd) };
  if (draw.chance(0.5)) return { id: 'g', input: { groupId: 'g', messageId: String(draw.below(50)), text: 'text' } };
  return draw.pick(odd);
}

/** What is sent as the body of a request or the payload of an operation: JSON mostly. */
export function anyParameters(draw: Draw): string {
  if (draw.chance(0.03)) {
    const depth = 1 + draw.below(200_000);
    return `{"query":"{ me { id } }","variables":{"a":${nested('[', ']', depth, '1')}}}`;
  }
  const parameters = draw.chance(0.1)
    ? draw.pick(odd)
    : {
        query: draw.chance(0.05) ? draw.pick(odd) : anyDocument(draw),
        variables: variables(draw),
        operationName: draw.pick([undefined, null, 'Q', 'x']),
      };
  const text = JSON.stringify(parameters);
  return draw.chance(0.2) ? draw.damaged(text) : text;
}
