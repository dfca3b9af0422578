import { ownString, stringBytes } from './string-bytes.ts';

/**
 * A map of what can be had again, bounded in bytes: the least recently used values are let go first. A value that is
 * pinned is never let go, and neither is the one that was used last, so that even one above the bound can be used.
 * Every call costs O(1), and letting go O(1) for each value that goes, however many there are and however many are pinned.
 */
export interface BoundedMap<Value> {
  /** The value, as one that is used now. */
  use(key: string): Value | undefined;
  /** The value, without using it. */
  peek(key: string): Value | undefined;
  /** Puts or replaces a value of so many bytes besides its key, as one that is used now. Pins stay. */
  set(key: string, value: Value, bytes: number): void;
  /** Says that a value has grown or shrunk to so many bytes. Not a use of it. */
  weigh(key: string, bytes: number): void;
  /** Keeps what is under the key until the returned function is called; calling it again does nothing. */
  pin(key: string): () => void;
  isPinned(key: string): boolean;
  delete(key: string): void;
  /** In the order in which they were put. What is gone over may be replaced and deleted meanwhile. */
  keys(): Iterable<string>;
  readonly size: number;
  /** Bytes of all values, with their keys and the map's own. */
  readonly byteLength: number;
}

interface Slot<Value> {
  value: Value;
  bytes: number;
  pins: number;
}

/** Measured: a slot, and its entries in both maps. */
const bytesPerSlot = 170;

export function createBoundedMap<Value>(capacityBytes: number): BoundedMap<Value> {
  const slots = new Map<string, Slot<Value>>();
  // Those that may be let go, in the order of their last use.
  const idle = new Map<string, Slot<Value>>();
  let total = 0;

  const bytesWithKey = (key: string, bytes: number) => bytesPerSlot + stringBytes(key) + bytes;

  function use(key: string, slot: Slot<Value>): void {
    if (slot.pins > 0) return;
    idle.delete(key);
    idle.set(key, slot);
  }

  function change(slot: Slot<Value>, bytes: number): void {
    total += bytes - slot.bytes;
    slot.bytes = bytes;
    letGo();
  }

  function letGo(): void {
    for (const key of idle.keys()) {
      if (total <= capacityBytes || idle.size === 1) return;
      remove(key);
    }
  }

  function remove(key: string): void {
    const slot = slots.get(key);
    if (slot === undefined) return;
    total -= bytesWithKey(key, slot.bytes);
    slots.delete(key);
    idle.delete(key);
  }

  return {
    use(key) {
      const slot = slots.get(key);
      if (slot !== undefined) use(key, slot);
      return slot?.value;
    },
    peek: (key) => slots.get(key)?.value,
    set(key, value, bytes) {
      const standing = slots.get(key);
      if (standing !== undefined) {
        standing.value = value;
        use(key, standing);
        change(standing, bytes);
        return;
      }
      const own = ownString(key);
      const slot = { value, bytes, pins: 0 };
      slots.set(own, slot);
      idle.set(own, slot);
      total += bytesWithKey(own, bytes);
      letGo();
    },
    weigh(key, bytes) {
      const slot = slots.get(key);
      if (slot !== undefined) change(slot, bytes);
    },
    pin(key) {
      const slot = slots.get(key);
      if (slot === undefined) return () => undefined;
      slot.pins += 1;
      idle.delete(key);
      let pinned = true;
      return () => {
        if (!pinned) return;
        pinned = false;
        slot.pins -= 1;
        if (slot.pins > 0 || slots.get(key) !== slot) return;
        idle.set(key, slot);
        letGo();
      };
    },
    isPinned: (key) => (slots.get(key)?.pins ?? 0) > 0,
    delete: remove,
    keys: () => slots.keys(),
    get size() {
      return slots.size;
    },
    get byteLength() {
      return total;
    },
  };
}
