import type { GroupSnapshot } from '../../src/ports/group-snapshots.ts';
import type { MemberRow, Stay } from '../../src/ports/rows.ts';
import { createSharedSnapshots } from '../../src/projections/shared-snapshots.ts';
import { type Filled, heapBytes } from './heap-bytes.ts';

/** What the snapshots of a kind are like. */
interface Kind {
  readonly members: number;
  readonly stays?: number;
  readonly idTail?: string;
  readonly name?: string;
}

const kinds: Readonly<Record<string, Kind>> = {
  'small groups': { members: 3 },
  'groups of a hundred': { members: 100 },
  'many members': { members: 2_000 },
  'long ids': { members: 300, idTail: '語'.repeat(85) },
  'long names': { members: 300, name: 'é'.repeat(100) },
  'coming and going': { members: 100, stays: 20 },
};

/** A string that no other row holds, as a store's driver makes them. */
const own = (text: string): string => Buffer.from(text).toString();

function memberRow(groupId: string, index: number, { stays = 1, idTail = '', name = 'Somebody' }: Kind): MemberRow {
  const userId = own(`person-${String(index).padStart(7, '0')}${idTail}`);
  const moments = Array.from(
    { length: stays },
    (_, stay): Stay => ({ from: stay, to: stay === stays - 1 ? null : stay }),
  );
  const facts = { name: own(name), role: 'member' as const, active: true, joinedAt: own('2026-11-24T12:00:00.000Z') };
  return { groupId, userId, ...facts, stays: moments, markedUpTo: index };
}

function snapshotOf(groupId: string, kind: Kind): GroupSnapshot {
  const members = Array.from({ length: kind.members }, (_, index) => memberRow(groupId, index, kind));
  const facts = { name: own('A group'), createdAt: own('2026-11-24T12:00:00.000Z'), memberCount: kind.members };
  const group = {
    groupId,
    ...facts,
    lastSeq: 0,
    lastMessageAt: null,
    lastAt: null,
    creationHash: null,
    version: 1,
    readsVersion: -1,
  };
  return { group, members, position: 1 };
}

async function fill(kind: Kind, capacityBytes: number): Promise<Filled> {
  const readModels = { groupSnapshot: async (groupId: string) => snapshotOf(groupId, kind) };
  const shared = createSharedSnapshots({ readModels, capacityBytes, keptMilliseconds: 600_000 });
  const reader = shared.reader();
  // One who never asks, for whom all is kept.
  shared.reader();
  await reader.groupSnapshot('group-0');
  const before = await heapBytes();
  let count = 1;
  let most = 0;
  // On past the bound by half, so that those let go have to be gone.
  while (count < 1.5 * most || shared.size() === count) {
    await reader.groupSnapshot(`group-${count}`);
    await new Promise(setImmediate);
    count += 1;
    most = Math.max(most, shared.size());
  }
  const heldBytes = (await heapBytes()) - before;
  return { boundBytes: capacityBytes, accountedBytes: shared.byteLength(), heldBytes, kept: shared.size(), put: count };
}

const boundBytes = Number(process.argv[2]) * 1024 * 1024;
const filled: Record<string, Filled> = {};
for (const [name, kind] of Object.entries(kinds)) filled[name] = await fill(kind, boundBytes);
console.info(JSON.stringify(filled));
