import { type Fate, isWrite, type WireCommand, type WireProxy } from './wire-proxy.ts';

/** Holds the n-th of these commands, by default of a batch's writes, and every renewal of the lease from then on. */
export function pauseAt(
  proxy: WireProxy,
  at: number,
  isCounted = (command: WireCommand) => command.collection !== 'projector_leases' && isWrite(command),
): { readonly reached: Promise<void>; release(): void } {
  const reached = Promise.withResolvers<void>();
  const released = Promise.withResolvers<Fate>();
  let writes = 0;
  let isPaused = false;
  proxy.decide = (command: WireCommand) => {
    if (isPaused && command.collection === 'projector_leases') return released.promise;
    if (isPaused || !isCounted(command)) return 'through';
    writes += 1;
    if (writes - 1 !== at) return 'through';
    isPaused = true;
    reached.resolve();
    return released.promise;
  };
  return {
    reached: reached.promise,
    release() {
      isPaused = false;
      released.resolve('through');
    },
  };
}
