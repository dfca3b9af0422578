/** Memory that many may hold together, each a part of their own that nobody takes from them. */
export interface MemoryBudget {
  share(): MemoryShare;
  /** Bytes of all shares, beyond what each may hold in any case. */
  readonly byteLength: number;
}

/** What one of them holds. */
export interface MemoryShare {
  /** Adds to it, or takes from it. False, and nothing is added, where there is no room, and after the end. */
  add(bytes: number): boolean;
  /** Lets go of all of it. */
  end(): void;
}

/** In bytes: what each may hold however much the others do, and what all may hold together beyond that. */
export interface MemoryBounds {
  readonly eachBytes: number;
  readonly togetherBytes: number;
}

export function createMemoryBudget({ eachBytes, togetherBytes }: MemoryBounds): MemoryBudget {
  let together = 0;
  const beyondOwn = (bytes: number) => Math.max(0, bytes - eachBytes);
  return {
    share() {
      let held = 0;
      let ended = false;
      return {
        add(bytes) {
          const more = beyondOwn(held + bytes) - beyondOwn(held);
          if (ended || (more > 0 && together + more > togetherBytes)) return false;
          held += bytes;
          together += more;
          return true;
        },
        end() {
          together -= beyondOwn(held);
          held = 0;
          ended = true;
        },
      };
    },
    get byteLength() {
      return together;
    },
  };
}
