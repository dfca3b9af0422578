import type { GroupSnapshots } from './group-snapshots.ts';
import type { MessageMemory } from './message-memory.ts';
import type { MessagePages, PeoplePages } from './pages.ts';
import type { ProjectionProgress } from './projection-progress.ts';
import type { ReadMoments } from './read-moment.ts';

// For those who write the rows: they name most of them.
export * from './group-snapshots.ts';
export * from './read-model-faults.ts';
export * from './read-moment.ts';
export * from './rows.ts';

/** All that an adapter answers to readers; whoever reads names the part that they need. */
export interface ReadModels
  extends ProjectionProgress,
    GroupSnapshots,
    MessageMemory,
    PeoplePages,
    MessagePages,
    ReadMoments {
  close(): Promise<void>;
}
