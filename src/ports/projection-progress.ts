import type { Position } from './event-log.ts';
import type { HaltedGroup } from './rows.ts';

/** How far the projection is, and which groups it left behind. Throws ReadModelsUnavailable. */
export interface ProjectionProgress {
  /** The position up to which everything is in the rows; `startOfLog` for empty read models. */
  checkpoint(): Promise<Position>;
  /** By position, ascending. */
  haltedGroups(): Promise<readonly HaltedGroup[]>;
}
