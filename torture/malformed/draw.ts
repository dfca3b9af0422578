/** Everything random of R10 comes from here, so that a seed says what was sent. */
export interface Draw {
  /** A number in [0, 1). */
  fraction(): number;
  /** A whole number from 0 to below the bound. */
  below(bound: number): number;
  chance(probability: number): boolean;
  pick<Item>(items: readonly [Item, ...Item[]]): Item;
  bytes(length: number): Buffer;
  /** The text cut off, or with a piece doubled, removed or replaced by anything. */
  damaged(text: string): string;
}

export function createDraw(fraction: () => number): Draw {
  const below = (bound: number) => Math.floor(fraction() * bound);
  const bytes = (length: number) => Buffer.from(Array.from({ length }, () => below(256)));
  return {
    fraction,
    below,
    chance: (probability) => fraction() < probability,
    pick: (items) => items[below(items.length)] ?? items[0],
    bytes,
    damaged(text) {
      const [from, length] = [below(text.length + 1), 1 + below(20)];
      const [before, piece, after] = [text.slice(0, from), text.slice(from, from + length), text.slice(from + length)];
      const replaced = [
        before,
        before + after,
        before + piece + piece + after,
        before + bytes(length).toString('latin1') + after,
      ];
      return replaced[below(replaced.length)] ?? text;
    },
  };
}
