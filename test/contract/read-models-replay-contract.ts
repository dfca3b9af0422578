import fc from 'fast-check';
import { expect, test } from 'vitest';
import { startOfLog } from '../../src/ports/event-log.ts';
import type { ReadModels } from '../../src/ports/read-models.ts';
import type { Change } from '../../src/projections/changes.ts';
import { readCountRanges } from '../../src/projections/read-count-ranges.ts';
import { assertAsyncProperty } from '../fakes/assert-property.ts';
import { everything } from './everything-shown.ts';
import { type ProjectedWriter, projectedWriter } from './projected-writer.ts';
import type { ReadModelsUnderTest } from './read-models-contract.ts';
import { History } from './read-models-history.ts';

const groupIds = ['g', 'h'] as const;
const userIds = ['ada', 'bob', 'cyd'] as const;
const anyGroup = fc.constantFrom(...groupIds);
const anyUser = fc.constantFrom(...userIds);

/** One thing that happens, where it can. */
type Step = (history: History) => void;

const anyText = fc.constantFrom('apple', 'pear', 'apple pear', 'Äpfel', '');
const anyCommandId = fc.constantFrom('c-1', 'c-2', 'c-3');
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  fc.tuple(anyGroup, anyUser, anyCommandId).map(
    ([group, actorId, commandId]): Step =>
      (history) =>
        history.by({ actorId, commandId, digest: `at ${history.position}` }).renameGroup(group, 'commanded'),
  ),
  fc.tuple(anyGroup, anyUser).map(
    ([group, user]): Step =>
      (history) =>
        history.join(group, user),
  ),
  fc.tuple(anyGroup, anyUser).map(
    ([group, user]): Step =>
      (history) =>
        history.leave(group, user),
  ),
  fc.tuple(anyGroup, anyUser, anyText, fc.boolean(), fc.subarray([...userIds])).map(
    ([group, user, text, mentionsAll, mentions]): Step =>
      (history) => {
        if (history.isMember(group, user)) history.send(group, user, text, { mentionsAll, mentions });
      },
  ),
  fc.tuple(anyGroup, anyUser, fc.nat(9)).map(
    ([group, user, back]): Step =>
      (history) => {
        const upTo = history.lastSeq(group) - back;
        if (upTo > 0) history.mark(group, user, upTo);
      },
  ),
  fc.tuple(anyGroup, anyUser, anyText, fc.nat(3), fc.nat(9)).map(
    ([group, user, text, kind, back]): Step =>
      (history) => {
        const seq = history.lastSeq(group) - back;
        if (seq < 1) return;
        if (kind === 0) history.edit(group, seq, text, seq % 2 === 0);
        else if (kind === 1) history.delete(group, seq);
        else if (kind === 2) history.react(group, seq, user, '👍');
        else history.unreact(group, seq, user, '👍');
      },
  ),
  fc.tuple(anyGroup, anyUser, fc.nat(2)).map(
    ([group, user, kind]): Step =>
      (history) => {
        if (kind === 0) history.renameGroup(group, `renamed by ${user}`);
        else if (kind === 1 && history.isMember(group, user)) history.setRole(group, user, 'admin');
        else if (history.isMember(group, user)) history.renameMember(group, user, `renamed ${history.position}`);
      },
  ),
);

const anyHistory = fc.array(anyStep, { maxLength: 60 }).map((steps) => {
  const history = new History().create('g', 'Group', ['ada', 'bob']).create('h', 'Other', ['ada', 'cyd']);
  for (const step of steps) step(history);
  return history;
});

/** Projecting twice is projecting once, however a batch was cut short; and every reader is counted. */
export function replayContract(makeReadModels: () => Promise<ReadModelsUnderTest>): void {
  async function shown(
    build: (writer: ProjectedWriter, begunAnew: () => ProjectedWriter) => Promise<void>,
    then?: (readModels: ReadModels) => Promise<void>,
  ) {
    const { writer, readModels, teardown } = await makeReadModels();
    try {
      await build(projectedWriter(writer), () => projectedWriter(writer));
      await then?.(readModels);
      return await everything(readModels, groupIds, userIds);
    } finally {
      await teardown();
    }
  }

  test('a batch of which some groups were written, then whole, then again shows what it shows applied once', async () => {
    const cut = fc.double({ min: 0, max: 1, noNaN: true });
    await assertAsyncProperty(
      fc.asyncProperty(anyHistory, cut, cut, anyGroup, async ({ changes, position }, startAt, cutAt, written) => {
        // An event is applied wholly or not at all, and so is a group's part of a batch.
        const start = changes[Math.floor(changes.length * startAt)]?.position ?? position;
        const first = changes.filter((change) => change.position < start);
        const batch = changes.filter((change) => change.position >= start);
        const before = positionOf(first);
        const once = await shown((writer) => writer.apply(changes, position));
        const end = batch[Math.floor(batch.length * cutAt)]?.position ?? position;
        const cutBatch = batch.filter((change) => change.position < end && change.groupId === written);
        const replayed = await shown(async (writer) => {
          await writer.apply(first, before);
          await writer.apply(cutBatch, before);
          for (const again of [batch, batch, changes]) await writer.apply(again, position);
        });
        expect(replayed).toEqual(once);
        // As after a restart: nothing is known but what the store says.
        const restarted = await shown(async (_, begunAnew) => {
          await begunAnew().apply(first, before);
          await begunAnew().apply(cutBatch, before);
          for (const again of [batch, batch, changes]) await begunAnew().apply(again, position);
        });
        expect(restarted).toEqual(once);
      }),
      { numRuns: 40 },
    );
  });

  test('one batch an event shows what one batch of all shows, and counts equal the readers', async () => {
    await assertAsyncProperty(
      fc.asyncProperty(anyHistory, async ({ changes, position }) => {
        const together = await shown((writer) => writer.apply(changes, position), expectCountsToBeReaders);
        const apart = await shown(async (writer) => {
          for (const at of new Set(changes.map((change) => change.position))) {
            await writer.apply(
              changes.filter((change) => change.position === at),
              at,
            );
          }
        });
        expect(apart).toEqual(together);
      }),
      { numRuns: 40 },
    );
  });
}

const positionOf = (changes: readonly Change[]): number => changes.at(-1)?.position ?? startOfLog;

async function expectCountsToBeReaders(readModels: ReadModels): Promise<void> {
  for (const groupId of groupIds) {
    const snapshot = await readModels.groupSnapshot(groupId);
    for (const { fromSeq, toSeq, readCount } of readCountRanges(
      snapshot?.members ?? [],
      snapshot?.group.lastSeq ?? 0,
    )) {
      for (let seq = fromSeq; seq <= toSeq; seq += 1) {
        expect(await readModels.readersPage({ groupId, seq }, undefined, undefined, 99)).toHaveLength(readCount);
      }
    }
  }
}
