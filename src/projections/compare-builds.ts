import { type BuildContents, type GroupContents, GroupMovedOn } from '../ports/read-model-builds.ts';
import { ReadModelsUnavailable } from '../ports/read-model-faults.ts';
import { pause } from './apply-batch.ts';
import { type ComparedKind, compareGroup, type Difference } from './compare-rows.ts';
import { type ProjectionClock, systemClock } from './store-read-counts.ts';

export interface CompareOptions {
  /** What is served. */
  readonly before: BuildContents;
  /** What is to be served in its place. */
  readonly after: BuildContents;
  readonly signal: AbortSignal;
  readonly clock?: ProjectionClock;
  /** How often groups that move on are looked at again: 60 times by default, and for a minute at most. */
  readonly rounds?: number;
  /** So many groups have been compared, of those that were found so far. */
  readonly onProgress?: (compared: number, found: number) => void;
}

export interface Comparison {
  /** Groups that both builds held at the same versions, and that were compared whole. */
  readonly groups: number;
  /** Rows of these, by kind, of the build that is to be served. */
  readonly rows: Readonly<Partial<Record<ComparedKind, number>>>;
  /** SHA-256 over all rows of each group, and these in one, whatever order groups were compared in. */
  readonly checksum: string;
  /** The first of them: an empty list says that there are none. */
  readonly differences: readonly Difference[];
  /** How many groups differ, also those of which nothing is listed any more. */
  readonly differentGroups: number;
  /** There are more than are listed. */
  readonly hasMoreDifferences: boolean;
  /** Groups in which too much happened to ever find both builds at the same versions. */
  readonly neverStill: readonly string[];
}

const usualRounds = 60;
/** The pause before the first round; each is longer by a half, up to the longest. */
const firstPauseMilliseconds = 50;
const longestPauseMilliseconds = 1_000;
const longestMilliseconds = 60_000;
/** A group that neither build has moved for so long is not on its way: whoever projects is behind by less. */
const standingMilliseconds = 5_000;
const groupsPerPage = 500;
const maximumDifferences = 50;
const maximumPerGroup = 10;

/** How far a group was in both builds when it was looked at. */
type Place = string;

/**
 * Compares what two builds of the same log hold, row by row, while both may go on: a group is compared where both have it
 * at the same version of both its streams. Groups that are found at different versions, or that change while they are
 * read, are looked at again, a bounded number of times; where neither build has moved one for 5 s, or by the end, that is a
 * difference. However many groups differ, it takes little longer: of each only so much is read as is listed of it.
 * Throws what the builds throw, and the signal's reason.
 */
export async function compareBuilds(options: CompareOptions): Promise<Comparison> {
  const { before, after, signal, rounds = usualRounds, clock = systemClock, onProgress } = options;
  const tally = createTally();
  let unread = 0;
  const moving = new Map<string, { last: Place; since: number; hasMoved: boolean }>();

  /** Where it could not be compared, how far it is. */
  async function look(groupId: string): Promise<Place | undefined> {
    signal.throwIfAborted();
    try {
      return await compareNow(groupId);
    } catch (error) {
      // A store that keeps few states of a row says so where a group has changed while it was read.
      if (!(error instanceof GroupMovedOn || error instanceof ReadModelsUnavailable)) throw error;
      unread += 1;
      return `not read: ${unread}`;
    }
  }

  async function compareNow(groupId: string): Promise<Place | undefined> {
    const [old, anew] = [await before.group(groupId), await after.group(groupId)];
    if (old === undefined && anew === undefined) return undefined;
    if (old === undefined || anew === undefined || !isSamePlace(old, anew)) return placeOf(old, anew);
    await tally.compare(old, anew);
    onProgress?.(tally.groups(), tally.groups() + moving.size);
    return undefined;
  }

  for await (const groupId of groupIdsOf(before, after)) {
    const place = await look(groupId);
    if (place !== undefined) moving.set(groupId, { last: place, since: clock.now(), hasMoved: false });
  }
  const stands = async (groupId: string): Promise<void> => {
    moving.delete(groupId);
    tally.stands(groupId, await before.group(groupId), await after.group(groupId));
  };
  const until = clock.now() + longestMilliseconds;
  let pauseMilliseconds = firstPauseMilliseconds;
  for (let round = 0; round < rounds && moving.size > 0 && clock.now() < until; round += 1) {
    await pause(options, pauseMilliseconds);
    pauseMilliseconds = Math.min(pauseMilliseconds * 1.5, longestPauseMilliseconds);
    for (const [groupId, seen] of moving) {
      const place = await look(groupId);
      if (place === undefined) moving.delete(groupId);
      else if (place !== seen.last) moving.set(groupId, { last: place, since: clock.now(), hasMoved: true });
      else if (clock.now() - seen.since >= standingMilliseconds) await stands(groupId);
    }
  }
  const neverStill = [...moving].flatMap(([groupId, { hasMoved }]) => (hasMoved ? [groupId] : []));
  for (const [groupId, { hasMoved }] of moving) if (!hasMoved) await stands(groupId);
  return { ...tally.result(), neverStill };
}

/** What was compared so far. */
function createTally() {
  const rows = new Map<ComparedKind, number>();
  const differences: Difference[] = [];
  const checksum = Buffer.alloc(32);
  let [groups, different, hasMore] = [0, 0, false];
  const hasRoom = () => differences.length < maximumDifferences;

  function add(found: readonly Difference[], limit: number): void {
    if (found.length > 0) different += 1;
    const room = Math.min(limit, maximumDifferences - differences.length);
    differences.push(...found.slice(0, room));
    hasMore ||= found.length > room;
  }

  return {
    groups: () => groups,
    async compare(before: GroupContents, after: GroupContents): Promise<void> {
      const limit = hasRoom() ? maximumPerGroup + 1 : 1;
      const { digest, counts, differences: found } = await compareGroup(before, after, limit);
      groups += 1;
      for (const [index, byte] of digest.entries()) checksum[index] = (checksum[index] ?? 0) ^ byte;
      for (const [kind, count] of counts) rows.set(kind, (rows.get(kind) ?? 0) + count);
      add(found, maximumPerGroup);
    },
    /** A group that neither of the builds has moved, and that they hold differently. */
    stands(groupId: string, before: GroupContents | undefined, after: GroupContents | undefined): void {
      const ends = ({ group }: GroupContents): string => {
        const { version, readsVersion, haltedAt } = group;
        return `version ${version}, reads ${readsVersion}${haltedAt === null ? '' : `, halted at ${haltedAt}`}`;
      };
      const [old, anew] = [before && ends(before), after && ends(after)];
      const field = old === undefined || anew === undefined ? undefined : 'version';
      add([{ groupId, kind: 'group', key: groupId, field, before: old ?? 'missing', after: anew ?? 'missing' }], 1);
    },
    result: () => ({
      ...{ groups, rows: Object.fromEntries(rows), checksum: checksum.toString('hex') },
      ...{ differences, differentGroups: different, hasMoreDifferences: hasMore },
    }),
  };
}

const isSamePlace = ({ group: before }: GroupContents, { group: after }: GroupContents): boolean =>
  before.version === after.version && before.readsVersion === after.readsVersion;

const placeOf = (...both: readonly (GroupContents | undefined)[]): Place =>
  JSON.stringify(both.map((contents) => contents && [contents.group.version, contents.group.readsVersion]));

/** Of all groups that either build holds, ascending. */
async function* groupIdsOf(before: BuildContents, after: BuildContents): AsyncGenerator<string, void> {
  const [left, right] = [pagesOf(before), pagesOf(after)];
  let [one, two] = [await left.next(), await right.next()];
  while (!one.done || !two.done) {
    const takesLeft = !one.done && (two.done === true || one.value <= two.value);
    const takesRight = !two.done && (one.done === true || two.value <= one.value);
    const groupId = takesLeft ? one.value : two.value;
    if (takesLeft) one = await left.next();
    if (takesRight) two = await right.next();
    if (groupId !== undefined) yield groupId;
  }
}

async function* pagesOf(contents: BuildContents): AsyncGenerator<string, undefined> {
  for (let after: string | undefined; ; ) {
    const page = await contents.groupIds(after, groupsPerPage);
    yield* page;
    after = page.at(-1);
    if (page.length < groupsPerPage) return undefined;
  }
}
