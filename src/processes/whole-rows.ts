import { groupStream } from '../events/stream-name.ts';
import { type EventLog, LogUnavailable, type Position } from '../ports/event-log.ts';
import type { GroupSnapshot } from '../ports/group-snapshots.ts';
import type { TimelineRange } from '../ports/pages.ts';
import type { BuildId } from '../ports/read-model-builds.ts';
import { ReadModelsCorrupt } from '../ports/read-model-faults.ts';
import type { ReadModels } from '../ports/read-models.ts';
import type { MessageRow } from '../ports/rows.ts';

/** So many groups are complained of; a log that was written by others may have many that do not add up. */
const maximumComplaints = 10_000;

/**
 * Rows that somebody has deleted look like rows that never were. Where other rows or the log say that they should be there, queries
 * on the build throw ReadModelsCorrupt instead of an answer:
 *
 * - a group without a row whose first event the log has before the checkpoint, unless that event is what has halted it;
 * - a group with more or fewer active members than its own row counts;
 * - a page of a timeline that leaves out a seq: every one from 1 to the group's newest is a message.
 *
 * A group in which the next build finds the same is as the log says, whoever has written it: it is not complained of again.
 */
export function createWholeRows(
  log: Pick<EventLog, 'readStream'>,
): (build: BuildId, readModels: ReadModels) => ReadModels {
  /** In which build a group's rows were found missing first. */
  const complaints = new Map<string, BuildId>();

  return (build, readModels) => {
    function complain(groupId: string, problem: string): void {
      if (complaints.size >= maximumComplaints) return;
      if ((complaints.get(groupId) ?? build) !== build) return;
      complaints.set(groupId, build);
      throw new ReadModelsCorrupt(`group ${groupId} misses rows: ${problem}`);
    }

    /** Asks again where the log has it: it may have been projected only just now. */
    async function unlessMissing<Row>(
      groupId: string,
      checkpoint: () => Promise<Position>,
      find: () => Promise<Row | undefined>,
    ): Promise<Row | undefined> {
      if (!(await isIn(log, groupId, await checkpoint()))) return undefined;
      const found = await find();
      if (found !== undefined) return found;
      const halted = await readModels.haltedGroups();
      if (!halted.some((one) => one.groupId === groupId))
        complain(groupId, 'its own, and the log holds its first event');
      return undefined;
    }

    function requireMembers({ group, members }: GroupSnapshot): void {
      const active = members.reduce((count, member) => count + Number(member.active), 0);
      if (active !== group.memberCount) complain(group.groupId, `${active} of ${group.memberCount} members are there`);
    }

    /** These queries, of rows that are as far as the checkpoint says, or further. */
    function whole(queries: Checked, checkpoint: () => Promise<Position>): Checked {
      const findGroup = async (groupId: string) => (await queries.groups([groupId]))[0];
      const findMissing = (groupId: string) => unlessMissing(groupId, checkpoint, () => findGroup(groupId));
      return {
        async groups(groupIds) {
          const rows = await queries.groups(groupIds);
          const there = new Set(rows.map(({ groupId }) => groupId));
          const missing = [...new Set(groupIds)].filter((groupId) => !there.has(groupId));
          const found = await Promise.all(missing.map(findMissing));
          return [...rows, ...found.flatMap((row) => row ?? [])];
        },
        async groupSnapshot(groupId) {
          const find = () => queries.groupSnapshot(groupId);
          const snapshot = (await find()) ?? (await unlessMissing(groupId, checkpoint, find));
          if (snapshot !== undefined) requireMembers(snapshot);
          return snapshot;
        },
        // Asks again for what is short, once it is known how far the group is: it may have ended there only just now.
        async timelinePage(groupId, range) {
          const page = await queries.timelinePage(groupId, range);
          if (isWhole(page, range, range.toSeq)) return page;
          const [group] = await queries.groups([groupId]);
          const again = await queries.timelinePage(groupId, range);
          if (!isWhole(again, range, group?.lastSeq ?? 0)) complain(groupId, 'some of its messages');
          return again;
        },
      };
    }

    return {
      ...readModels,
      ...whole(readModels, () => readModels.checkpoint()),
      async moment() {
        const moment = await readModels.moment();
        return { ...moment, ...whole(moment, async () => moment.position) };
      },
    };
  };
}

type Checked = Pick<ReadModels, 'groups' | 'groupSnapshot' | 'timelinePage'>;

/** Whether the log holds the group's first event, no later than there. One that is away says nothing of it. */
async function isIn(log: Pick<EventLog, 'readStream'>, groupId: string, checkpoint: number): Promise<boolean> {
  try {
    const [first] = await log.readStream(groupStream(groupId), 0, 1);
    return first !== undefined && first.version === 0 && first.position <= checkpoint;
  } catch (error) {
    if (error instanceof LogUnavailable) return false;
    throw error;
  }
}

/** Whether every message of the range is in the page, where the group's newest is `lastSeq` or a later one. */
function isWhole(
  page: readonly MessageRow[],
  { fromSeq, toSeq, limit, last }: TimelineRange,
  lastSeq: number,
): boolean {
  const from = Math.max(fromSeq, 1);
  const to = Math.min(toSeq, lastSeq);
  const count = Math.max(0, Math.min(limit, to - from + 1));
  if (count === 0) return true;
  const [first, newest] = [page[0]?.seq ?? 0, page.at(-1)?.seq ?? 0];
  const isAtItsEdge = last ? newest >= to : first === from;
  return isAtItsEdge && page.length >= count && page.every(({ seq }, index) => seq === first + index);
}
