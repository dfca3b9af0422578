import { setTimeout as wait } from 'node:timers/promises';
import type { NetworkFault, NetworkProxy } from './network-proxy.ts';

export interface Fault {
  readonly name: string;
  happen(): Promise<void>;
}

/** One of the things that networks do, before one of the stores, for as long as half to twice a call's deadline. */
export function chooseFault(random: () => number, eventStore: NetworkProxy, mongo: NetworkProxy | undefined): Fault {
  const isMongo = mongo !== undefined && random() < 0.4;
  const proxy = isMongo ? mongo : eventStore;
  const milliseconds = Math.round(2_000 + random() * 8_000);
  const before = isMongo ? 'MongoDB' : 'the event store';
  const hold = async (fault: NetworkFault) => {
    proxy.set(fault);
    await wait(milliseconds);
    proxy.set('pass');
  };
  const faults: readonly Fault[] = [
    {
      name: `200 ms of latency before ${before}`,
      async happen() {
        proxy.latencyMilliseconds = 200;
        await wait(milliseconds);
        proxy.latencyMilliseconds = 0;
      },
    },
    {
      name: `five resets before ${before}`,
      async happen() {
        for (let reset = 0; reset < 5; reset += 1) {
          proxy.reset();
          await wait(milliseconds / 5);
        }
      },
    },
    { name: `connections refused before ${before} for ${milliseconds} ms`, happen: () => hold('refuse') },
    { name: `silence before ${before} for ${milliseconds} ms`, happen: () => hold('silent') },
    { name: `answers lost before ${before} for ${milliseconds} ms`, happen: () => hold('swallowAnswers') },
  ];
  return faults[Math.floor(random() * faults.length)] as Fault;
}
