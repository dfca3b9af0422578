/** Whoever builds the read models, as the rest of its process sees it. */
export interface Projector {
  /**
   * `waiting` for a store or for its turn; `filling` a build that is not served yet; `refused`: it has ended for good, and
   * has told why.
   */
  state(): ProjectorState;
  /** Calls the listener whenever it projects into a build that is served, as soon as it does. */
  onServing(listener: () => void): void;
  stop(): Promise<void>;
}

export type ProjectorState = 'waiting' | 'filling' | 'projecting' | 'refused';
