import { CallFailed } from './call-failed.ts';

/**
 * Lets at most so many calls run at once; the others wait in order, and those that would wait too long fail unsent. A
 * server takes 100 calls at a time over a connection and leaves further ones waiting until their deadlines, a subscription
 * and its probe among them.
 */
export interface Lane {
  run<Result>(milliseconds: number, call: (remainingMilliseconds: number) => Promise<Result>): Promise<Result>;
}

export function createLane(width: number): Lane {
  const waiting: (() => void)[] = [];
  let running = 0;

  function enter(milliseconds: number): Promise<void> | undefined {
    if (running < width) {
      running += 1;
      return undefined;
    }
    return new Promise((resolve, reject) => {
      const start = () => {
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(() => {
        waiting.splice(waiting.indexOf(start), 1);
        reject(new CallFailed(new Error(`${width} other calls took too long`), false));
      }, milliseconds);
      waiting.push(start);
    });
  }

  function leave(): void {
    const next = waiting.shift();
    if (next === undefined) running -= 1;
    else next();
  }

  return {
    run: async (milliseconds, call) => {
      const begun = performance.now();
      await enter(milliseconds);
      try {
        return await call(Math.max(1, milliseconds - (performance.now() - begun)));
      } finally {
        leave();
      }
    },
  };
}
