/**
 * Bytes that the process holds: the heap and what lies beside it, typed arrays above all. Needs `--expose-gc`. What is
 * beside the heap is let go a turn of the event loop after its owner.
 */
export async function heapBytes(): Promise<number> {
  const { gc } = globalThis;
  if (gc === undefined) throw new Error('start this with --expose-gc');
  for (let times = 0; times < 4; times += 1) {
    gc();
    await new Promise(setImmediate);
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** What one cache came to that was filled to its bound: printed by the child process, read by the test. */
export interface Filled {
  readonly boundBytes: number;
  /** What the cache says that it holds. */
  readonly accountedBytes: number;
  /** What the process holds with the cache, less what it held before. */
  readonly heldBytes: number;
  /** How many entries are in it, of how many that were put. */
  readonly kept: number;
  readonly put: number;
}
