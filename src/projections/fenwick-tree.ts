/**
 * Sums over ranges of messages in O(log n) (P. Fenwick, "A new data structure for cumulative frequency tables", 1994),
 * kept as differences: adding to a range touches two nodes, a message's value is one prefix sum. One typed array; the
 * capacity doubles as the group grows, which costs O(1) amortised.
 */
export interface FenwickTree {
  /** Adds `amount` to every index in (after, upTo]; to all beyond `after` where `upTo` is Infinity. Indexes start at 1. */
  addToRange(after: number, upTo: number, amount: number): void;
  /** The value at an index: 0 where nothing was added. */
  valueAt(index: number): number;
  /** Bytes held. A tree to which nothing was added holds none but its own. */
  byteLength(): number;
}

/** The largest whose array is so small that it lies in the heap, without a buffer of its own. */
const initialCapacity = 8;
/** Measured: the tree's functions, the typed array, and the buffer that a larger one has. */
const bytesPerTree = 400;
const bytesPerBuffer = 250;

const noNodes = new Int32Array(0);

export function createFenwickTree(): FenwickTree {
  let capacity = 0;
  let nodes = noNodes;

  // The node at a power of two holds the sum of all below it, so the only new node that is not empty is the last.
  function growTo(index: number): void {
    const before = capacity;
    capacity = Math.max(capacity, initialCapacity);
    while (capacity < index) capacity *= 2;
    const grown = new Int32Array(capacity + 1);
    grown.set(nodes);
    const total = nodes[before] ?? 0;
    for (let power = before * 2; power > 0 && power <= capacity; power *= 2) grown[power] = total;
    nodes = grown;
  }

  function add(index: number, amount: number): void {
    if (index > capacity) growTo(index);
    for (let at = index; at <= capacity; at += at & -at) nodes[at] = (nodes[at] ?? 0) + amount;
  }

  return {
    addToRange(after, upTo, amount) {
      if (upTo <= after) return;
      add(after + 1, amount);
      if (upTo !== Number.POSITIVE_INFINITY) add(upTo + 1, -amount);
    },
    valueAt(index) {
      let sum = 0;
      for (let at = Math.min(index, capacity); at > 0; at -= at & -at) sum += nodes[at] ?? 0;
      return sum;
    },
    byteLength: () => bytesPerTree + nodes.byteLength + (capacity > initialCapacity ? bytesPerBuffer : 0),
  };
}
