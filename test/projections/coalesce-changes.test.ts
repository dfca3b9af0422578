import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type AdvanceGroup, mergeAdvances } from '../../src/projections/coalesce-changes.ts';
import { assertProperty } from '../fakes/assert-property.ts';

/** What advances leave behind, applied one after the other as the port says. */
function applied(changes: readonly AdvanceGroup[]) {
  const row = { version: -1, readsVersion: -1, lastSeq: 0, lastMessageAt: '', activityPosition: -1 };
  for (const { version, readsVersion, lastSeq, lastMessageAt, position } of changes) {
    row.version = Math.max(row.version, version ?? -1);
    row.readsVersion = Math.max(row.readsVersion, readsVersion ?? -1);
    if (lastSeq !== undefined) row.activityPosition = Math.max(row.activityPosition, position);
    row.lastSeq = Math.max(row.lastSeq, lastSeq ?? 0);
    if (lastMessageAt !== undefined && lastMessageAt > row.lastMessageAt) row.lastMessageAt = lastMessageAt;
  }
  return row;
}

/** An edit, a mark, or a message whose sender's clock may be off. */
const anyAdvance = fc.record({ kind: fc.nat(2), second: fc.integer({ min: 10, max: 59 }) });

test('merged advances leave behind what they leave one by one', () => {
  assertProperty(
    fc.property(fc.array(anyAdvance, { minLength: 1, maxLength: 12 }), (kinds) => {
      const changes = kinds.map(({ kind, second }, position): AdvanceGroup => {
        const change = { type: 'advanceGroup', groupId: 'g', position } as const;
        if (kind === 0) return { ...change, version: position };
        if (kind === 1) return { ...change, readsVersion: position };
        return { ...change, version: position, lastSeq: position, lastMessageAt: `12:00:${second}` };
      });
      expect(applied([changes.reduce(mergeAdvances)])).toEqual(applied(changes));
    }),
  );
});
