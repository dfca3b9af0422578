import { digestOf } from '../../src/commands/command-digest.ts';
import { groupDecider } from '../../src/commands/group.ts';
import { type GroupState, groupStateBytes } from '../../src/commands/group-state.ts';
import { type MarksState, marksDecider } from '../../src/commands/marks.ts';
import type { WarmStreams } from '../../src/commands/warm-state.ts';
import { createWarmStreams } from '../../src/commands/warm-streams.ts';
import { encodeEvent } from '../../src/events/codec.ts';
import type { GroupEvent, HighwaterEvent, ReadsEvent } from '../../src/events/event.ts';
import { groupStream, readsStream } from '../../src/events/stream-name.ts';
import { noStream, type RecordedEvent, startOfLog } from '../../src/ports/event-log.ts';
import { createHaltedGroups } from '../../src/ports/halted-groups.ts';
import { createInMemoryEventLog } from '../fakes/in-memory-event-log.ts';
import { type Filled, heapBytes } from './heap-bytes.ts';

const metadata = { correlationId: 'c', causationId: 'c', actorId: 'ada', at: '2026-11-24T12:00:00.000Z' };
const range = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index + 1);

function membersAdded(count: number, userId: (index: number) => string, name: (index: number) => string): GroupEvent {
  const members = range(count).map((index) => ({ userId: userId(index), name: name(index), role: 'member' as const }));
  return { type: 'MembersAdded', data: { members, afterSeq: 0, memberCount: count } };
}

function messageSent(seq: number, text: string, mentions: readonly string[] = []): GroupEvent {
  const ids = { messageId: `018f3c5e-7a2b-7c3d-8e4f-@-${String(seq).padStart(12, '0')}`, authorId: 'person-@-0000001' };
  const rest = { replyTo: null, mentions: [...mentions], mentionsAll: false, audienceCount: 3 };
  return { type: 'MessageSent', data: { ...ids, seq, text, ...rest } };
}

const created: GroupEvent = {
  type: 'GroupCreated',
  data: { groupId: '@', name: 'Group @' },
};
const person = (index: number): string => `person-@-${String(index).padStart(7, '0')}`;

const groupStories: Readonly<Record<string, readonly GroupEvent[]>> = {
  'long texts': [
    created,
    membersAdded(3, person, person),
    ...range(1_000).map((seq) => messageSent(seq, `@ ${seq} ${'x'.repeat(7_900)}`)),
  ],
  'long names': [
    created,
    membersAdded(
      1_000,
      (index) => `${person(index)}${'u'.repeat(100)}`,
      (index) => `${person(index)}${'語'.repeat(170)}`,
    ),
  ],
  'many members': [
    created,
    ...range(2).map((part) => membersAdded(1_000, (index) => person(1_000 * part + index), person)),
  ],
  'many reactions': [
    created,
    ...range(5).map((seq) => messageSent(seq, 'short')),
    ...range(2_000).map((index): GroupEvent => {
      const seq = 1 + (index % 5);
      const { data } = messageSent(seq, '') as Extract<GroupEvent, { type: 'MessageSent' }>;
      return {
        type: 'ReactionAdded',
        data: { messageId: data.messageId, seq, emoji: index % 3 === 0 ? '👍' : '🎉', userId: person(index) },
      };
    }),
  ],
  'many emojis': [
    created,
    ...range(100).map((seq) => messageSent(seq, 'short')),
    ...range(1_000).map((index): GroupEvent => {
      const seq = 1 + (index % 100);
      const { data } = messageSent(seq, '') as Extract<GroupEvent, { type: 'MessageSent' }>;
      return {
        type: 'ReactionAdded',
        data: {
          messageId: data.messageId,
          seq,
          emoji: String.fromCodePoint(0x1f600 + Math.floor(index / 100)),
          userId: person(index),
        },
      };
    }),
  ],
  'many mentions': [created, ...range(200).map((seq) => messageSent(seq, 'short', range(50).map(person)))],
  'forgotten messages': [
    created,
    messageSent(1, 'the only one that is held'),
    ...range(1_000).map(
      (number): GroupEvent => ({
        type: 'MessageEdited',
        data: {
          messageId: `018f3c5e-7a2b-7c3d-8e4f-@-${String(number + 1).padStart(12, '0')}`,
          seq: 1,
          text: 'x',
          mentionsAll: false,
        },
      }),
    ),
  ],
  'commands of clients': [
    created,
    ...range(1_000).map((index): GroupEvent => ({ type: 'GroupRenamed', data: { name: `Group ${index}` } })),
  ],
  'small groups': [created, membersAdded(3, person, person), messageSent(1, 'Hello')],
};

const markStories: Readonly<Record<string, readonly ReadsEvent[]>> = {
  'marks of large groups': range(2_000).map((index) => ({
    type: 'ReadUpTo',
    data: { groupId: '@', userId: person(index), upTo: index },
  })),
  'marks of small groups': range(2).map((index) => ({
    type: 'ReadUpTo',
    data: { groupId: '@', userId: person(index), upTo: index },
  })),
};

/** A log in which all streams hold the same events, stored once: what is decoded of them is each stream's own. */
function endlessLog(story: readonly HighwaterEvent[], isRemembered = false) {
  const stored = story.map((event, version) => {
    const command = isRemembered
      ? { causationId: `018f3c5e-7a2b-7c3d-8e4f-@-${version}`, commandDigest: digestOf({}) }
      : {};
    return encodeEvent(event, { ...metadata, ...command }, String(version));
  });
  return {
    ...createInMemoryEventLog(),
    async readStream(streamName: string, from: number, limit: number): Promise<readonly RecordedEvent[]> {
      const groupId = streamName.slice(streamName.indexOf('-') + 1);
      const page = stored.slice(from, from + limit);
      return page.map((event, index) => {
        const version = from + index;
        const data = event.data.replaceAll('@', groupId);
        return { ...event, data, streamName, version, position: version, recordedAt: 0 };
      });
    },
  };
}

const cold =
  <State>(state: State) =>
  async () => ({ state, version: noStream, position: startOfLog });

function groupsOf(story: readonly GroupEvent[], capacityBytes: number, isRemembered: boolean): WarmStreams<GroupState> {
  return createWarmStreams({
    log: endlessLog(story, isRemembered),
    halted: createHaltedGroups(),
    streamName: groupStream,
    evolve: (state, { event, metadata }, position) =>
      groupDecider.evolve(state, event as GroupEvent, { metadata, position }),
    snapshot: cold(groupDecider.initialState),
    weigh: groupStateBytes,
    capacityBytes,
  });
}

function marksOf(story: readonly ReadsEvent[], capacityBytes: number): WarmStreams<MarksState> {
  return createWarmStreams({
    log: endlessLog(story),
    halted: createHaltedGroups(),
    streamName: readsStream,
    evolve: (state, { event, metadata }, position) =>
      marksDecider.evolve(state, event as ReadsEvent, { metadata, position }),
    snapshot: cold(marksDecider.initialState),
    weigh: ({ byteLength }) => byteLength,
    capacityBytes,
  });
}

async function fill(streams: WarmStreams<unknown>, boundBytes: number): Promise<Filled> {
  // What loading needs once, and keeps.
  await streams.warm('g-0');
  streams.forget('g-0');
  const before = await heapBytes();
  let put = 0;
  let most = 0;
  // On past the bound by half, so that those let go have to be gone.
  while (put < 1.5 * most || streams.size() === put) {
    put += 1;
    await streams.warm(`g-${put}`);
    most = Math.max(most, streams.size());
  }
  const heldBytes = (await heapBytes()) - before;
  return { boundBytes, accountedBytes: streams.byteLength(), heldBytes, kept: streams.size(), put };
}

const boundBytes = Number(process.argv[2]) * 1024 * 1024;
const filled: Record<string, Filled> = {};
for (const [kind, story] of Object.entries(groupStories))
  filled[kind] = await fill(groupsOf(story, boundBytes, kind === 'commands of clients'), boundBytes);
for (const [kind, story] of Object.entries(markStories))
  filled[kind] = await fill(marksOf(story, boundBytes), boundBytes);
console.info(JSON.stringify(filled));
