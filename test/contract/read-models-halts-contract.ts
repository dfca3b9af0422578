import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeEvent, type EncodedEvent, encodeEvent } from '../../src/events/codec.ts';
import type { HighwaterEvent } from '../../src/events/event.ts';
import { deriveId } from '../../src/events/event-id.ts';
import { groupStream } from '../../src/events/stream-name.ts';
import type { RecordedEvent } from '../../src/ports/event-log.ts';
import type { ReadModels } from '../../src/ports/read-models.ts';
import type { ReadModelWriter } from '../../src/ports/row-store.ts';
import type { Poison } from '../../src/projections/projection-batch.ts';
import { type ProjectionOptions, runProjection } from '../../src/projections/run-projection.ts';
import { assertAsyncProperty } from '../fakes/assert-property.ts';
import { everything } from './everything-shown.ts';
import type { ReadModelsUnderTest } from './read-models-contract.ts';
import {
  anyHistory,
  begin,
  type Entry,
  type GroupId,
  groupIds,
  happenings,
  type Step,
  userIds,
} from './spoiled-histories.ts';

const metadata = { correlationId: 'c', causationId: 'c', actorId: 'ada', at: '2026-01-01T00:00:00.000Z' };

type Spoil = (stored: EncodedEvent) => EncodedEvent;

/** As a newer version would have written it; as nobody would; and well-formed, but not in this stream. */
const spoils: Readonly<Record<string, Spoil>> = {
  newer: (stored) => ({ ...stored, metadata: stored.metadata.replace('"v":1', '"v":2') }),
  unknown: (stored) => ({ ...stored, type: `${stored.type}AsNeverBefore` }),
  bytes: (stored) => ({ ...stored, binary: true }),
  gap: (stored) => ({ ...stored, data: stored.data.replace(/"(seq|upTo|lines|afterSeq)":\d+/, '"$1":268435456') }),
};

/** A log that holds what it is told, as whole and as readable as the test says. */
function logOf(
  entries: readonly Entry[],
  spoil: (stored: EncodedEvent, index: number) => EncodedEvent = (stored) => stored,
  isKept: (recorded: RecordedEvent) => boolean = () => true,
) {
  const versions = new Map<string, number>();
  const stored = entries.map(({ streamName, event }, index): RecordedEvent => {
    const version = (versions.get(streamName) ?? -1) + 1;
    versions.set(streamName, version);
    const encoded = spoil(encodeEvent(event, metadata, deriveId(String(index))), index);
    return { ...encoded, streamName, version, position: index * 3, recordedAt: 0 };
  });
  const all = stored.filter(isKept);
  const log: ProjectionOptions['log'] = {
    endPosition: async () => all.at(-1)?.position ?? -1,
    readStream: async (streamName, from, limit) =>
      all.filter((one) => one.streamName === streamName && one.version >= from).slice(0, limit),
    readStreamBackwards: async (streamName, from = Number.MAX_SAFE_INTEGER, limit) =>
      all
        .filter((one) => one.streamName === streamName && one.version <= from)
        .reverse()
        .slice(0, limit),
    // Asked only where a stream is gone altogether, which none is here.
    readAll: () => Promise.reject(new Error('nobody asks for it')),
    readAllBackwards: () => Promise.reject(new Error('nobody asks for it')),
    async *subscribe(after) {
      // In batches of some, so that a group halts in one and others go on in the next.
      const rest = all.filter(({ position }) => position > after);
      for (let start = 0; start < rest.length; start += 7) {
        yield { events: rest.slice(start, start + 7), caughtUp: true };
      }
    },
  };
  return { log, all };
}

async function projectAll(log: ReturnType<typeof logOf>['log'], writer: ReadModelWriter) {
  const poison: Poison[] = [];
  const resumed: string[] = [];
  await runProjection({
    ...{ log, writer, signal: new AbortController().signal },
    onPoison: (one) => void poison.push(one),
    onResumed: (groupId) => void resumed.push(groupId),
  });
  return { poison, resumed };
}

/** Everything that is shown, but for the positions of what is not of the group. */
const shownOf = async (readModels: ReadModels, groupId: GroupId) =>
  JSON.stringify((await everything(readModels, [groupId], [])).groups);

const anyPoison = fc.record({
  place: fc.double({ min: 0, max: 1, noNaN: true }),
  how: fc.constantFrom(...Object.keys(spoils)),
});

/** One group halts at what cannot be read, wholly, and goes on once it can; nobody else notices. */
export function haltsContract(makeReadModels: () => Promise<ReadModelsUnderTest>): void {
  async function built(build: (made: ReadModelsUnderTest) => Promise<unknown>) {
    const made = await makeReadModels();
    try {
      await build(made);
      const { people } = await everything(made.readModels, [], userIds);
      const groups = groupIds.map(async (groupId) => [groupId, await shownOf(made.readModels, groupId)] as const);
      return { groups: Object.fromEntries(await Promise.all(groups)), people };
    } finally {
      await made.teardown();
    }
  }

  const whole = (entries: readonly Entry[]) => built(({ writer }) => projectAll(logOf(entries).log, writer));

  test('poison anywhere halts its group there, with the rows of before; once it can be read, all is as if it had never been', async () => {
    await assertAsyncProperty(
      fc.asyncProperty(anyHistory, anyPoison, async (entries, { place, how }) => {
        const index = Math.floor(place * (entries.length - 1));
        const bad = entries[index]?.groupId ?? 'g';
        const spoiled = logOf(entries, (stored, at) => (at === index ? (spoils[how]?.(stored) ?? stored) : stored));
        const recorded = spoiled.all[index];
        // Of an event without a number that could be out of bounds, nothing was spoiled.
        fc.pre(recorded !== undefined && !isReadable(recorded));
        const untouched = await whole(entries);
        const prefix = await whole(entries.filter((entry, at) => entry.groupId !== bad || at < index));
        const halted = await built(async ({ writer, readModels }) => {
          const { poison } = await projectAll(spoiled.log, writer);
          expect(poison).toMatchObject([{ groupId: bad, position: recorded?.position }]);
          expect(await readModels.haltedGroups()).toMatchObject([{ groupId: bad, position: recorded?.position }]);
          // A start with the same program changes nothing, and is no news.
          expect(await projectAll(spoiled.log, writer)).toEqual({ poison: [], resumed: [] });
        });
        expect(halted.groups).toEqual({ ...untouched.groups, [bad]: prefix.groups[bad] });
        const cured = await built(async ({ writer, readModels }) => {
          await projectAll(spoiled.log, writer);
          expect(await projectAll(logOf(entries).log, writer)).toEqual({
            poison: [],
            resumed: [bad],
          });
          expect(await readModels.haltedGroups()).toEqual([]);
        });
        expect(cured).toEqual(untouched);
      }),
      { numRuns: 25 },
    );
  });

  test('what is missing anywhere halts its group at what comes after it in the stream, with the rows of before', async () => {
    await assertAsyncProperty(
      fc.asyncProperty(anyHistory, fc.constantFrom('group', 'reads'), fc.nat(), async (entries, family, place) => {
        const { all } = logOf(entries);
        const bad = groupIds[place % groupIds.length] ?? 'g';
        const stream = all.filter(({ streamName }) => streamName === `${family}-${bad}`);
        // Nobody misses the newest event.
        const missing = stream[place % Math.max(1, stream.length - 1)];
        const next = stream[(missing?.version ?? 0) + 1];
        fc.pre(missing !== undefined && next !== undefined);
        const half = logOf(entries, undefined, ({ position }) => position !== missing.position);
        const isShown = ({ streamName, position }: RecordedEvent) =>
          position !== missing.position && (!streamName.endsWith(`-${bad}`) || position < next.position);
        const before = await built(({ writer }) => projectAll(logOf(entries, undefined, isShown).log, writer));
        const halted = await built(async ({ writer, readModels }) => {
          expect((await projectAll(half.log, writer)).poison).toMatchObject([
            { groupId: bad, position: next.position },
          ]);
          expect(await readModels.haltedGroups()).toMatchObject([{ groupId: bad, position: next.position }]);
        });
        expect(halted.groups).toEqual({ ...(await whole(entries)).groups, [bad]: before.groups[bad] });
      }),
      { numRuns: 15 },
    );
  });

  test('a group with a second poison halts there, once the first can be read', async () => {
    const seven = fc.sample(anyHistory, 1)[0] ?? [];
    const renames = Array.from({ length: 6 }, (_, index): Entry => {
      const event: HighwaterEvent = { type: 'GroupRenamed', data: { name: `name ${index}` } };
      return { groupId: 'g', streamName: groupStream('g'), event };
    });
    const entries = [...seven, ...renames];
    const spoilAt = (...indexes: readonly number[]) =>
      logOf(entries, (stored, at) => (indexes.includes(at) ? { ...stored, type: 'Unheard' } : stored));
    const [first, second] = [seven.length + 1, seven.length + 4];
    const prefix = await whole(entries.filter((entry, at) => entry.groupId !== 'g' || at < second));
    const moved = await built(async ({ writer, readModels }) => {
      await projectAll(spoilAt(first, second).log, writer);
      const { poison } = await projectAll(spoilAt(second).log, writer);
      expect(poison).toMatchObject([{ groupId: 'g', position: second * 3 }]);
      expect(await readModels.haltedGroups()).toMatchObject([{ groupId: 'g', position: second * 3 }]);
    });
    expect(moved.groups).toEqual(prefix.groups);
    const cured = await built(async ({ writer }) => {
      await projectAll(spoilAt(first, second).log, writer);
      await projectAll(spoilAt(second).log, writer);
      await projectAll(spoilAt().log, writer);
    });
    expect(cured).toEqual(await whole(entries));
  });

  test('what the writer fails on halts the group whose event says it; another start, without the defect, goes on', async () => {
    const entries = [...groupIds.flatMap(begin), ...happenings(groupIds.flatMap(sendTwice))];
    const { log, all } = logOf(entries);
    const untouched = await whole(entries);
    const bad = all.find(({ streamName, data }) => streamName === 'group-h' && data.includes('"seq":2'));
    const failing = (writer: ReadModelWriter): ReadModelWriter => ({
      ...writer,
      commit: (groups, checkpoint) =>
        groups.some(({ messages }) => messages.some(({ after }) => after.position === bad?.position))
          ? Promise.reject(new TypeError('a defect of the writer'))
          : writer.commit(groups, checkpoint),
    });
    const cured = await built(async ({ writer, readModels }) => {
      const { poison } = await projectAll(log, failing(writer));
      expect(poison).toMatchObject([{ groupId: 'h', position: bad?.position }]);
      expect(poison[0]?.reason).toContain('a defect of the writer');
      expect(await shownOf(readModels, 'g')).toBe(untouched.groups['g']);
      expect(await shownOf(readModels, 'i')).toBe(untouched.groups['i']);
      expect((await readModels.groups(['h']))[0]?.lastSeq).toBe(1);
      expect((await projectAll(log, writer)).resumed).toEqual(['h']);
    });
    expect(cured).toEqual(untouched);
  });

  test('a writer that fails whatever it is told ends the projection, and halts nobody', async () => {
    const entries = [...groupIds.flatMap(begin)];
    const { log } = logOf(entries);
    await built(async ({ writer, readModels }) => {
      const broken = { ...writer, commit: () => Promise.reject(new TypeError('nothing goes')) };
      await expect(projectAll(log, broken)).rejects.toThrow('nothing goes');
      const onlyEmpty: ReadModelWriter = {
        ...writer,
        commit: (groups, upTo) =>
          groups.length === 0 ? writer.commit(groups, upTo) : Promise.reject(new TypeError('no change goes')),
      };
      await expect(projectAll(log, onlyEmpty)).rejects.toThrow('no change goes');
      expect(await readModels.haltedGroups()).toEqual([]);
    });
  });
}

const sendTwice = (groupId: GroupId): Step[] => [
  { groupId, userId: 'ada', does: 'send' },
  { groupId, userId: 'ada', does: 'send' },
];

function isReadable(recorded: RecordedEvent): boolean {
  try {
    decodeEvent(recorded);
    return true;
  } catch {
    return false;
  }
}
