import { Map as PersistentMap } from 'immutable';
import { readsStream, type StreamName } from '../events/stream-name.ts';
import { type EventLog, noStream, startOfLog } from '../ports/event-log.ts';
import type { GroupSnapshot, SnapshotReader } from '../ports/group-snapshots.ts';
import type { HaltedGroups } from '../ports/halted-groups.ts';
import { ReadModelsUnavailable } from '../ports/read-model-faults.ts';
import { type GroupState, initialGroupState, memberBytes } from './group-state.ts';
import { type MarksState, markBytes, marksDecider } from './marks.ts';
import type { Warm } from './warm-state.ts';

/** While the read models are away, a cold stream up to this version is folded from its first event instead. */
const longestFold = 100_000;

/** The log holds everything that a snapshot would: it is only longer to read. */
export async function snapshotIfThere(
  log: Pick<EventLog, 'readStreamBackwards'>,
  reader: SnapshotReader,
  groupId: string,
  streamName: StreamName,
): Promise<GroupSnapshot | undefined> {
  try {
    return await reader.groupSnapshot(groupId);
  } catch (error) {
    if (!(error instanceof ReadModelsUnavailable)) throw error;
    const [last] = await log.readStreamBackwards(streamName, undefined, 1);
    if (last !== undefined && last.version > longestFold) throw error;
    return undefined;
  }
}

/** When the group's newest mark was made, which the read models may not hold yet; undefined where there is none. */
export async function lastMarkAt(
  log: Pick<EventLog, 'readStreamBackwards'>,
  halted: Pick<HaltedGroups, 'fold'>,
  groupId: string,
): Promise<string | undefined> {
  const [last] = await log.readStreamBackwards(readsStream(groupId), undefined, 1);
  return last && halted.fold(last, ({ metadata }) => metadata.at);
}

/** A group as of a snapshot; as it was before its first event where there is none. */
export function warmGroup(snapshot: GroupSnapshot | undefined): Warm<GroupState> {
  if (snapshot === undefined) return { state: initialGroupState, version: noStream, position: startOfLog };
  const { group, members, position } = snapshot;
  const active = members.filter((member) => member.active);
  const state: GroupState = {
    ...initialGroupState,
    exists: true,
    name: group.name,
    creationHash: group.creationHash ?? '',
    lastAt: group.lastAt ?? undefined,
    members: PersistentMap(
      members.map(({ userId, name, role, active, stays, markedUpTo }) => {
        // Who never left has marked nothing while they were gone.
        const since = stays.length > 1 ? position : startOfLog;
        return [userId, { name, role, active, since, markedUpTo }];
      }),
    ),
    memberCount: active.length,
    ownerCount: active.filter(({ role }) => role === 'owner').length,
    lastSeq: group.lastSeq,
    forgottenThrough: position,
    membersByteLength: members.reduce((bytes, member) => bytes + memberBytes(member.userId, member), 0),
  };
  return { state, version: group.version, position };
}

export function warmMarks(snapshot: GroupSnapshot | undefined): Warm<MarksState> {
  if (snapshot === undefined) return { state: marksDecider.initialState, version: noStream, position: startOfLog };
  const { group, members, position } = snapshot;
  const marks = PersistentMap(members.map(({ userId, markedUpTo }) => [userId, { upTo: markedUpTo, position }]));
  const byteLength = members.reduce((bytes, { userId }) => bytes + markBytes(userId), 0);
  return {
    state: { marks, countedThrough: position, lastAt: group.lastAt ?? undefined, byteLength },
    version: group.readsVersion,
    position,
  };
}
