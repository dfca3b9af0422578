/** Who is told of something, each whatever becomes of the others. */
export interface Listeners<Told extends readonly unknown[]> {
  add(listener: (...told: Told) => void): void;
  /** Never throws: what a listener throws is a defect of its own, and is handed to `onDefect`. */
  tell(...told: Told): void;
}

export function createListeners<Told extends readonly unknown[]>(onDefect: (error: unknown) => void): Listeners<Told> {
  const listeners: ((...told: Told) => void)[] = [];
  return {
    add: (listener) => void listeners.push(listener),
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
