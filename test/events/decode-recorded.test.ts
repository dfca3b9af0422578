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
      decodeRecorded({
        eventId: 'e',
        type: event.type,
        data,
        metadata: frozenMetadata(version),
        streamName,
        version: 0,
      });
    const family = ownFamily(event.type);
    if (streamName === `${family}-lunch`) expect(read()).toMatchObject({ family, groupId: 'lunch', event });
    else expect(read).toThrow(UndecodableEvent);
  });
});

test.each(frozenExamples.filter(({ event }) => 'groupId' in event.data))(
  'a $event.type that speaks of another group than its stream cannot be read',
  ({ event, data, version }) => {
    const stored = { eventId: 'e', type: event.type, data, metadata: frozenMetadata(version), version: 0 };
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
  const stored = {
    eventId: 'e',
    type: 'GroupRenamed',
    data: '{"name":"Dinner"}',
    metadata: frozenMetadata(1),
    version: 0,
  };
  for (const streamName of ['orders-1', 'group-', 'group-a b', `group-${'g'.repeat(129)}`]) {
    expect(() => decodeRecorded({ ...stored, streamName })).toThrow('is no stream of a group');
  }
});

describe('what no program of ours has written is named for what it is', () => {
  const stored = { eventId: 'e', type: 'GroupRenamed', data: '{"name":"Dinner"}', metadata: frozenMetadata(1) };
  const own = { ...stored, streamName: 'group-lunch', version: 3 };
  const tombstone = { ...own, type: '$streamDeleted', data: '', metadata: '', version: Number.MAX_SAFE_INTEGER };

  test.each([
    ['the mark of a deleted stream', { ...tombstone, binary: true as const }, 'group-lunch was deleted for good'],
    ['a link', { ...own, type: '$>', data: '0@group-dinner' }, "$> is an event of the event store's own"],
    [
      'a version beyond safe integers',
      { ...own, version: Number.MAX_SAFE_INTEGER },
      'beyond what a number holds exactly',
    ],
    ['no metadata', { ...own, metadata: '' }, 'this GroupRenamed has no metadata'],
    ['metadata that are not JSON', { ...own, metadata: '{' }, 'the metadata of this GroupRenamed is not JSON'],
    ['data that are not JSON', { ...own, data: '{' }, 'GroupRenamed is not JSON'],
  ])('%s', (_, recorded, message) => {
    expect(() => decodeRecorded(recorded)).toThrow(UndecodableEvent);
    expect(() => decodeRecorded(recorded)).toThrow(message);
  });

  test('and what one has written is read', () => {
    expect(decodeRecorded(own)).toMatchObject({ groupId: 'lunch', event: { type: 'GroupRenamed' } });
  });
});
