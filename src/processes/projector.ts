/** Whoever builds the read models, as the rest of its process sees it. */
export interface Projector {
  /** `waiting` for a store or for its turn; `refused`: it has ended for good, and has told why. */
  state(): 'waiting' | 'projecting' | 'refused';
  stop(): Promise<void>;
}
