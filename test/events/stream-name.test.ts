import { expect, test } from 'vitest';
import {
  groupStream,
  importsStream,
  parseStreamName,
  readsStream,
  streamPrefixes,
} from '../../src/events/stream-name.ts';

test('streams are called what a log already holds', () => {
  expect([groupStream('lunch'), readsStream('lunch'), importsStream('lunch')]).toEqual([
    'group-lunch',
    'reads-lunch',
    'imports-lunch',
  ]);
});

test.each(['lunch', 'a-b-c', '-', '日本', 'reads-group-1'])(
  'the stream names of group %s give its id back',
  (groupId) => {
    expect(parseStreamName(groupStream(groupId))).toEqual({ family: 'group', groupId });
    expect(parseStreamName(readsStream(groupId))).toEqual({ family: 'reads', groupId });
    expect(parseStreamName(importsStream(groupId))).toEqual({ family: 'imports', groupId });
  },
);

test.each(['', '-', '-lunch', 'lunch', 'group', 'groups-lunch', '$ce-group', 'constructor-lunch'])(
  'a stream that is called %j is somebody else’s',
  (name) => {
    expect(parseStreamName(name)).toBeUndefined();
  },
);

test('every stream of ours starts with one of the prefixes that a subscription asks for', () => {
  const names = [groupStream('lunch'), readsStream('lunch'), importsStream('lunch')];
  for (const name of names) expect(streamPrefixes.filter((prefix) => name.startsWith(prefix))).toHaveLength(1);
});
