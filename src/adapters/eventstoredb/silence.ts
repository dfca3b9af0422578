export interface SilenceWatch {
  /** There was a sign of life. */
  heard(): void;
  stop(): void;
}

/**
 * Runs `examine` whenever nothing has been heard for so long. Where that finds a fault, and nothing was heard meanwhile
 * either, tells it and is over; otherwise the silence was an idle log's, and it starts to count anew. `examine` must not
 * reject.
 */
export function watchForSilence<Fault>(
  milliseconds: number,
  examine: () => Promise<Fault | undefined>,
  onFault: (fault: Fault) => void,
): SilenceWatch {
  let lastSign = performance.now();
  let isOver = false;
  let timer = setTimeout(check, milliseconds);

  async function check(): Promise<void> {
    const silent = performance.now() - lastSign;
    if (silent >= milliseconds) {
      const before = lastSign;
      const fault = await examine();
      if (isOver) return;
      if (fault !== undefined && lastSign === before) {
        isOver = true;
        return onFault(fault);
      }
      lastSign = performance.now();
    }
    timer = setTimeout(check, Math.max(1, milliseconds - (performance.now() - lastSign)));
  }

  return {
    heard: () => {
      lastSign = performance.now();
    },
    stop: () => {
      isOver = true;
      clearTimeout(timer);
    },
  };
}
