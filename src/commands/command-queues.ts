import { stringBytes } from '../memory/string-bytes.ts';

/** How many bytes of commands may wait for their turn, those included that are being committed. */
export interface WaitingBounds {
  readonly streamBytes: number;
  readonly totalBytes: number;
}

/** Some twenty of the largest commands for one stream, or 10,000 messages of everyday length. */
export const defaultWaitingBounds: WaitingBounds = { streamBytes: 16 * 1024 * 1024, totalBytes: 64 * 1024 * 1024 };

/** Commands that wait for their turn, in the order in which they came: one queue a stream. Bounded in bytes. */
export interface CommandQueues<Pending> {
  /** False, and nothing is put, where too much is waiting already. */
  put(id: string, pending: Pending): boolean;
  /** True from the first `put` until `end`: somebody takes from this queue. */
  has(id: string): boolean;
  /** The oldest of a stream's commands, at most `limit`. They count as waiting until `done`. */
  take(id: string, limit: number): readonly Pending[];
  done(id: string, batch: readonly Pending[]): void;
  end(id: string): void;
}

interface Queue<Pending> {
  waiting: Pending[];
  bytes: number;
}

export function createCommandQueues<Pending extends { readonly command: object }>(
  bounds: WaitingBounds,
): CommandQueues<Pending> {
  const queues = new Map<string, Queue<Pending>>();
  let totalBytes = 0;

  return {
    put(id, pending) {
      const queue = queues.get(id) ?? { waiting: [], bytes: 0 };
      const bytes = bytesOf(pending.command);
      // What waits alone is taken whatever it weighs, or else it could never be.
      const isAlone = queue.bytes === 0 && totalBytes < bounds.totalBytes;
      const fits = queue.bytes + bytes <= bounds.streamBytes && totalBytes + bytes <= bounds.totalBytes;
      if (!fits && !isAlone) return false;
      queues.set(id, queue);
      queue.waiting.push(pending);
      queue.bytes += bytes;
      totalBytes += bytes;
      return true;
    },
    has: (id) => queues.has(id),
    take: (id, limit) => queues.get(id)?.waiting.splice(0, limit) ?? [],
    done(id, batch) {
      const bytes = batch.reduce((sum, { command }) => sum + bytesOf(command), 0);
      const queue = queues.get(id);
      if (queue !== undefined) queue.bytes -= bytes;
      totalBytes -= bytes;
    },
    end: (id) => queues.delete(id),
  };
}

const bytesPerValue = 24;

/** About how many bytes of heap a command takes until it is answered. */
function bytesOf(value: unknown): number {
  if (typeof value === 'string') return bytesPerValue + stringBytes(value);
  if (typeof value !== 'object' || value === null) return bytesPerValue;
  return Object.values(value).reduce((sum: number, inner) => sum + bytesOf(inner), bytesPerValue);
}
