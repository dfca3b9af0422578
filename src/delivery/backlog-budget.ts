import { createMemoryBudget, type MemoryBudget, type MemoryShare } from '../memory/memory-budget.ts';

/**
 * What all who are behind hold together, and each in any case. Events and texts can be read again where there is no room for
 * them; which messages have changed cannot, so that has room of its own.
 */
export interface BacklogBudget {
  readonly texts: MemoryBudget;
  readonly changes: MemoryBudget;
}

export const createBacklogBudget = (): BacklogBudget => ({
  texts: createMemoryBudget({ eachBytes: 32 * 1024, togetherBytes: 64 * 1024 * 1024 }),
  changes: createMemoryBudget({ eachBytes: 16 * 1024, togetherBytes: 64 * 1024 * 1024 }),
});

/** One subscriber's part of it. */
export interface BacklogShare {
  readonly texts: MemoryShare;
  readonly changes: MemoryShare;
}
