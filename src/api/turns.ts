import { setImmediate as immediate } from 'node:timers/promises';

/** The work of one request, piece by piece. */
export interface Lane {
  /** Resolves when it is this request's turn. What is done then, up to the next wait for something else, is one piece. */
  next(): Promise<void>;
}

/** Lets the requests of a process take turns. */
export interface Turns {
  lane(): Lane;
}

interface Waiting extends Lane {
  readonly pieces: (() => void)[];
}

/**
 * Promises alone never let go of the thread: however many pieces an answer is made of, all of them would be done before
 * anybody else's socket is looked at. So pieces are done one at a time, requests in turn, and after some milliseconds of
 * them the event loop goes round once. One long answer then takes longer, and all others do not wait for it.
 */
export function createTurns(sliceMilliseconds: number, now: () => number): Turns {
  /** Lanes with something to do. The first is next. */
  const lanes = new Set<Waiting>();
  let running = false;

  async function run(): Promise<void> {
    running = true;
    let began = now();
    for (const lane of inTurn()) {
      lane.pieces.shift()?.();
      await promisesSettled();
      if (now() - began < sliceMilliseconds) continue;
      await immediate();
      began = now();
    }
    running = false;
  }

  /** One piece of each, until there are none. */
  function* inTurn(): Generator<Waiting> {
    for (const lane of lanes) {
      yield lane;
      // A Set is gone through in the order of insertion, those that come meanwhile included.
      lanes.delete(lane);
      if (lane.pieces.length > 0) lanes.add(lane);
    }
  }

  return {
    lane() {
      const lane: Waiting = {
        pieces: [],
        next: () =>
          new Promise((resolve) => {
            lane.pieces.push(resolve);
            lanes.add(lane);
            if (!running) void run();
          }),
      };
      return lane;
    },
  };
}

/** The tick comes after everything that promises, which are settled now, still bring about. */
const promisesSettled = (): Promise<void> => new Promise((resolve) => process.nextTick(resolve));
