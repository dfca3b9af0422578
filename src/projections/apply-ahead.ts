import { ReadModelsUnavailable } from '../ports/read-models.ts';
import type { Checkpoint } from '../ports/row-store.ts';
import { type Applying, applyBatch, isDefect, pause, retryMilliseconds } from './apply-batch.ts';
import { changesOf, haltOf, type Poison, type ProjectedBatch } from './projection-batch.ts';

/** A batch that is in the rows, with every group that is halted by it. */
export interface AppliedBatch {
  readonly batch: ProjectedBatch;
  readonly checkpoint: Checkpoint;
  readonly poison: readonly Poison[];
}

/**
 * Applies batches as applyBatch does, and has each committed while the next one is read and folded. One is under way at a
 * time, so that no more than two are held. Where a commit fails, both are applied one after the other as if none had been
 * begun: changes may be applied again. Throws what applyBatch throws.
 */
export interface ApplyingAhead {
  /** Resolves with the batch before, once it is in the rows, and with this one only where it could not be put off. */
  begin(batch: ProjectedBatch, checkpoint: Checkpoint): Promise<readonly AppliedBatch[]>;
  /** Resolves with the batch that is under way, if any, once it is in the rows. */
  end(): Promise<readonly AppliedBatch[]>;
}

export function createApplyingAhead(applying: Applying): ApplyingAhead {
  const { rows } = applying;
  let underWay: AppliedBatch | undefined;

  async function applyAgain(failed: readonly AppliedBatch[], error: unknown): Promise<readonly AppliedBatch[]> {
    underWay = undefined;
    if (error instanceof ReadModelsUnavailable) {
      applying.onFault?.(error);
      await pause(applying, retryMilliseconds);
    } else if (!isDefect(error)) throw error;
    const applied: AppliedBatch[] = [];
    const halted = new Set<string>();
    for (const { batch, checkpoint } of failed) {
      const poison = await applyBatch(applying, without(batch, halted), checkpoint);
      for (const { groupId } of poison) halted.add(groupId);
      applied.push({ batch, checkpoint, poison });
    }
    return applied;
  }

  return {
    async begin(batch, checkpoint) {
      const before = underWay === undefined ? [] : [underWay];
      const begun = { batch, checkpoint, poison: batch.poison };
      try {
        await rows.begin([...changesOf(batch.entries), ...batch.poison.map(haltOf)], checkpoint);
        underWay = begun;
        return before;
      } catch (error) {
        return applyAgain([...before, begun], error);
      }
    },
    async end() {
      const before = underWay === undefined ? [] : [underWay];
      try {
        await rows.end();
        underWay = undefined;
        return before;
      } catch (error) {
        return applyAgain(before, error);
      }
    },
  };
}

/** Nothing is applied of a group beyond its halt. */
function without({ entries, poison }: ProjectedBatch, halted: ReadonlySet<string>): ProjectedBatch {
  const goesOn = ({ groupId }: { readonly groupId: string }): boolean => !halted.has(groupId);
  return { entries: entries.filter(goesOn), poison: poison.filter(goesOn) };
}
