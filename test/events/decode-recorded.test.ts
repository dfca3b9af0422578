import { describe, expect, test } from 'vitest';
import { UndecodableEvent } from '../../src/events/codec.ts';
import { decodeRecorded } from '../../src/events/decode-recorded.ts';
import { groupStream, importsStream, readsStream } from '../../src/events/stream-name.ts';
import { frozenExamples, frozenMetadata } from './frozen-examples.ts';

const streams = [groupStream('lunch'), readsStream('lunch'), importsStream('lunch')];

describe('every event in every family of streams', () => {
  const ownFamily = (type: string) => (type === 'ReadUpTo' ? 'reads' : type === 'FileImported' ? 'imports' : 'group');
  const cases = frozenExamples.flatMap((example) => streams.map((streamName) => ({ ...example, streamName })));

  test.each(cases)('a $event.type in $streamName is read where it belongs, and nowhere else', (example) => {
    const { event, data, version, streamName } = example;
    const read = () =>
      decodeRecorded({ eventId: 'e', type: event.type, data, metadata: frozenMetadata(version), streamName });
    const family = ownFamily(event.type);
    if (streamName === `${family}-lunch`) expect(read()).toMatchObject({ family, groupId: 'lunch', event });
    else expect(read).toThrow(UndecodableEvent);
  });
});

test.each(frozenExamples.filter(({ event }) => 'groupId' in event.data))(
  'a $event.type that speaks of another group than its stream cannot be read',
  ({ event, data, version }) => {
    const stored = { eventId: 'e', type: event.type, data, metadata: frozenMetadata(version) };
    const [family] = streams.filter((streamName) => {
      try {
        return decodeRecorded({ ...stored, streamName }).groupId === 'lunch';
      } catch {
        return false;
      }
    });
    expect(() => decodeRecorded({ ...stored, streamName: `${family?.replace('lunch', 'dinner')}` })).toThrow(
      'is of group lunch',
    );
  },
);

test('what is in a stream that is no group’s cannot be read', () => {
  const stored = { eventId: 'e', type: 'GroupRenamed', data: '{"name":"Dinner"}', metadata: frozenMetadata(1) };
  for (const streamName of ['orders-1', 'group-', 'group-a b', `group-${'g'.repeat(129)}`]) {
    expect(() => decodeRecorded({ ...stored, streamName })).toThrow('is no stream of a group');
  }
});
