import { encodeEvent } from '../../src/events/codec.ts';
import { decodeRecorded } from '../../src/events/decode-recorded.ts';
import type { GroupEvent, ReadsEvent } from '../../src/events/event.ts';
import { groupStream, readsStream } from '../../src/events/stream-name.ts';
import { type RecordedEvent, startOfLog } from '../../src/ports/event-log.ts';
import { createHotReadCounts, type HotReadCounts } from '../../src/projections/hot-read-counts.ts';
import { createInMemoryEventLog } from '../fakes/in-memory-event-log.ts';
import { type Filled, heapBytes } from './heap-bytes.ts';

type Happened = GroupEvent | ReadsEvent;

const metadata = { correlationId: 'c', causationId: 'c', actorId: 'ada', at: '2026-11-24T12:00:00.000Z' };
const range = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index + 1);
const person = (index: number, tail = ''): string => `person-@-${String(index).padStart(7, '0')}${tail}`;

function added(count: number, tail = ''): Happened {
  const members = range(count).map((index) => ({ userId: person(index, tail), name: 'x', role: 'member' as const }));
  return { type: 'MembersAdded', data: { members, afterSeq: 0, memberCount: count } };
}
const left = (index: number, afterSeq: number): Happened => ({
  type: 'MemberLeft',
  data: { userId: person(index), afterSeq, memberCount: 1 },
});
const back = (index: number, afterSeq: number): Happened => ({
  type: 'MembersAdded',
  data: { members: [{ userId: person(index), name: 'x', role: 'member' }], afterSeq, memberCount: 1 },
});
const sent = (seq: number): Happened => ({
  type: 'MessageSent',
  data: {
    messageId: `m-${seq}`,
    seq,
    authorId: person(1),
    text: 'x',
    replyTo: null,
    mentions: [],
    mentionsAll: false,
    audienceCount: 3,
  },
});
const read = (index: number, upTo: number): Happened => ({
  type: 'ReadUpTo',
  data: { groupId: '@', userId: person(index), upTo },
});

const stories: Readonly<Record<string, readonly Happened[]>> = {
  'small groups': [added(3), sent(1), read(2, 1)],
  'groups of a hundred': [added(100), ...range(60).map(sent), ...range(99).map((index) => read(index + 1, 50))],
  'many members': [added(1_000), sent(1)],
  'long ids': [added(300, '語'.repeat(85)), sent(1)],
  'many messages': [added(2), ...range(2_500).map(sent), read(2, 2_000), left(2, 2_500)],
  'coming and going': [
    added(100),
    ...range(5).flatMap((round) => [
      sent(round),
      ...range(100).flatMap((index) => [left(index, round), back(index, round)]),
    ]),
  ],
};

/** Groups that are loaded from their streams, and groups that were hot before anything happened and have grown. */
function hotCountsOf(story: readonly Happened[], capacityBytes: number) {
  const all = story.map((event, position) => ({
    ...encodeEvent(event, metadata, String(position)),
    position,
    recordedAt: 0,
  }));
  const recordedIn = (groupId: string): readonly RecordedEvent[] => {
    const versions = { reads: 0, group: 0 };
    return all.map((event) => {
      const family = event.type === 'ReadUpTo' ? 'reads' : 'group';
      const streamName = family === 'reads' ? readsStream(groupId) : groupStream(groupId);
      const data = event.data.replaceAll('@', groupId);
      return { ...event, data, streamName, version: versions[family]++ };
    });
  };
  const log = {
    ...createInMemoryEventLog(),
    async readStream(streamName: string, from: number, limit: number) {
      const own = recordedIn(streamName.slice(streamName.indexOf('-') + 1));
      return own.filter((one) => one.streamName === streamName).slice(from, from + limit);
    },
  };
  const readModels = { groupSnapshot: async () => undefined };
  const loaded = createHotReadCounts({ log, readModels, startPosition: all.length, capacityBytes });
  const emptyLog = createInMemoryEventLog();
  const grown = createHotReadCounts({ log: emptyLog, readModels, startPosition: startOfLog, capacityBytes });
  let end = 0;
  return {
    loaded: { hot: loaded, put: (groupId: string) => loaded.of(groupId) },
    grown: {
      hot: grown,
      async put(groupId: string) {
        const release = grown.hold(groupId);
        await grown.of(groupId);
        for (const recorded of recordedIn(groupId)) {
          end += 1;
          grown.follow({ ...recorded, position: end }, decodeRecorded(recorded));
        }
        release();
      },
    },
  };
}

async function fill(
  { hot, put }: { readonly hot: HotReadCounts; readonly put: (groupId: string) => Promise<unknown> },
  family: string,
  boundBytes: number,
): Promise<Filled> {
  // What loading needs once, and keeps.
  await put(`${family}-0`);
  const before = await heapBytes();
  let count = 1;
  let most = 0;
  // On past the bound by half, so that those let go have to be gone.
  while (count < 1.5 * most || hot.size() === count) {
    await put(`${family}-${count}`);
    count += 1;
    most = Math.max(most, hot.size());
  }
  const heldBytes = (await heapBytes()) - before;
  return { boundBytes, accountedBytes: hot.byteLength(), heldBytes, kept: hot.size(), put: count };
}

const boundBytes = Number(process.argv[2]) * 1024 * 1024;
const filled: Record<string, Filled> = {};
for (const [kind, story] of Object.entries(stories)) {
  const { loaded, grown } = hotCountsOf(story, boundBytes);
  filled[kind] = await fill(loaded, 'loaded', boundBytes);
  filled[`${kind}, grown`] = await fill(grown, 'grown', boundBytes);
}
console.info(JSON.stringify(filled));
