import type { BuildId, ReadModelBuilds } from '../../src/ports/read-model-builds.ts';
import type { ChangedGroup, Checkpoint, ReadModelWriter } from '../../src/ports/row-store.ts';
import { foldGroup, unknownGroup } from '../../src/projections/rows/group.ts';
import { foldMember } from '../../src/projections/rows/member.ts';
import { momentAt } from './read-models-history.ts';

/** The signal of one who waits for as long as it takes. */
export const never = new AbortController().signal;

/** New groups, each with Ada in it and nothing said: what a batch that ends at the position would commit. */
export function groupsOfOne(groupIds: readonly string[], position: number): readonly ChangedGroup[] {
  const at = momentAt(position);
  return groupIds.map((groupId) => {
    const put = { type: 'putGroup', groupId, name: groupId, createdAt: at, creationHash: '', position } as const;
    const advance = { type: 'advanceGroup', groupId, version: 1, position } as const;
    const person = { groupId, userId: 'ada', name: 'Ada', role: 'owner' } as const;
    const ada = foldMember(undefined, { type: 'putMember', ...person, afterSeq: 0, at, position });
    return {
      group: { before: undefined, after: foldGroup(foldGroup(unknownGroup(groupId), put), advance) },
      upTo: position,
      members: ada === undefined ? [] : [{ before: undefined, after: ada }],
      ...{ messages: [], reactions: [], reactionCounts: [], marks: [], mentions: [], mentionsOfAll: [], commands: [] },
      rewrites: [],
    };
  });
}

export const checkpointAt = (position: number): Checkpoint => ({
  position,
  event: { streamName: 'group-g', version: position, eventId: `event-${position}` },
});

/** A build that holds groups of these names, closed. */
export async function filled(
  builds: ReadModelBuilds,
  position: number,
  ...groupIds: readonly string[]
): Promise<BuildId> {
  const id = await builds.create();
  const writer = await builds.openWriter(id, never);
  await fill(writer, position, ...groupIds);
  await writer.close();
  return id;
}

export async function fill(writer: ReadModelWriter, position: number, ...groupIds: readonly string[]): Promise<void> {
  await writer.loadGroups(groupIds);
  await writer.commit(groupsOfOne(groupIds, position), checkpointAt(position));
}
