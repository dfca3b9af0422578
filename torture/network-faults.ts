import { setTimeout as wait } from 'node:timers/promises';
import { chooseFailPoint, type FailPoint, type FailPoints } from './fail-points/fail-points.ts';
import type { NetworkFault, NetworkProxy } from './network-proxy.ts';

export interface Fault {
  readonly name: string;
  happen(): Promise<void>;
}

/** MongoDB as the network and its own replica set let it be reached. */
export interface MongoFaults {
  readonly proxy: NetworkProxy;
  /** Where the server has them. */
  readonly failPoints: FailPoints | undefined;
}

/**
 * One of the things that networks do, before one of the stores, for as long as half to twice a call's deadline; or what a
 * MongoDB answers for as long while its replica set changes.
 */
export function chooseFault(random: () => number, eventStore: NetworkProxy, mongo: MongoFaults | undefined): Fault {
  const isMongo = mongo !== undefined && random() < 0.4;
  const proxy = isMongo ? mongo.proxy : eventStore;
  const milliseconds = Math.round(2_000 + random() * 8_000);
  const before = isMongo ? 'MongoDB' : 'the event store';
  if (isMongo && mongo.failPoints !== undefined && random() < 0.5) {
    return failPointFault(mongo.failPoints, chooseFailPoint(random), milliseconds);
  }
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

function failPointFault(failPoints: FailPoints, failPoint: FailPoint, milliseconds: number): Fault {
  return {
    name: `MongoDB answers for ${milliseconds} ms that ${failPoint.name}`,
    async happen() {
      await failPoints.arm(failPoint, 'alwaysOn');
      await wait(milliseconds);
      await failPoints.disarm();
    },
  };
}
