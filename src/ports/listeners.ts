/** Who is told of something, each whatever becomes of the others. */
export interface Listeners<Told extends readonly unknown[]> {
  /** Until the returned function is called. */
  add(listener: (...told: Told) => void): () => void;
  /** Never throws: what a listener throws is a defect of its own, and is handed to `onDefect`. */
  tell(...told: Told): void;
}

export function createListeners<Told extends readonly unknown[]>(onDefect: (error: unknown) => void): Listeners<Told> {
  const listeners = new Set<(...told: Told) => void>();
  return {
    add(listener) {
      // The same function may be added twice, by two who know nothing of each other.
      const own = (...told: Told): void => listener(...told);
      listeners.add(own);
      return () => void listeners.delete(own);
    },
    tell(...told) {
      for (const listener of listeners) {
        try {
          listener(...told);
        } catch (error) {
          onDefect(error);
        }
      }
    },
  };
}
