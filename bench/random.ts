/** The seed of everything that the bench draws: the same history in every run, on every machine. */
export const seed = 20_261_124;

/** Numbers in [0, 1), the same for the same seed (mulberry32, T. Ettinger). */
export function createRandom(from: number = seed): () => number {
  let state = from >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
