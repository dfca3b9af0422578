import fc from 'fast-check';

/** Fields that may be asked of each type, drawn at random: those without a selection, and those with one. */
const plain = {
  group: ['name', 'memberCount', 'lastSeq', 'version', 'createdAt'],
  message: ['text', 'editedAt', 'readCount', 'audienceCount'],
};

/** Fields of a group, with those of its messages to so many levels. */
export function groupFields(depth: number): fc.Arbitrary<string> {
  const below = [
    fc.constant('membership { role markedUpTo unreadCount }'),
    fc.constant('members(first: 6) { edges { node { __typename id name role isPresent } } }'),
    messageFields(depth - 1).map((fields) => `timeline(first: 60) { edges { node { ${fields} } } }`),
  ];
  return fields('__typename id', plain.group, below);
}

/** Fields of a message, with those of what it replies to to so many levels. */
export function messageFields(depth: number): fc.Arbitrary<string> {
  const below = [
    fc.constant('author { __typename id name role isPresent }'),
    fc.constant('explain { audience read notYet leftBeforeReading }'),
    fc.constant('readers(first: 4) { edges { node { readAt member { __typename id name role isPresent } } } }'),
    fc.constant('reactions { emoji count }'),
    ...(depth <= 0 ? [] : [messageFields(depth - 1).map((of) => `replyTo { ${of} }`)]),
    ...(depth <= 0 ? [] : [fc.constant('group { __typename id name lastSeq memberCount version }')]),
  ];
  return fields('__typename id seq', plain.message, below);
}

const fields = (
  always: string,
  names: readonly string[],
  below: readonly fc.Arbitrary<string>[],
): fc.Arbitrary<string> =>
  fc
    .tuple(fc.subarray([...names]), fc.shuffledSubarray([...below.keys()], { minLength: 1, maxLength: 3 }))
    .chain(([some, places]) =>
      fc
        .tuple(...places.map((place) => below[place] ?? fc.constant('')))
        .map((nested) => [always, ...some, ...nested].join(' ')),
    );
