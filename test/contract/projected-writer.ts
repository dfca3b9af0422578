import type { Position } from '../../src/ports/event-log.ts';
import type { ReadModelWriter } from '../../src/ports/row-store.ts';
import type { Change } from '../../src/projections/changes.ts';
import { createProjectedRows, type ProjectedRows } from '../../src/projections/projected-rows.ts';

/** A writer under test with the projections' fold before it: what stores promise of rows is seen through it. */
export interface ProjectedWriter extends ReadModelWriter, Pick<ProjectedRows, 'groups'> {
  apply(changes: readonly Change[], position: Position): Promise<void>;
}

export function projectedWriter(writer: ReadModelWriter): ProjectedWriter {
  const rows = createProjectedRows(writer);
  return {
    ...writer,
    groups: rows.groups,
    apply: (changes, position) => rows.apply(changes, { position, event: undefined }),
  };
}
