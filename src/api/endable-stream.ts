/** A stream that can be ended from this side, after what was read of it. */
export interface EndableStream {
  readonly stream: ReadableStream<Uint8Array>;
  /** Ends the stream in order and cancels what it is read from. Never throws. */
  end(): void;
}

export function endableStream(source: ReadableStream<Uint8Array>): EndableStream {
  const reader = source.getReader();
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  let ended = false;

  let isRead = false;
  const read = () => {
    isRead = true;
    return reader.read();
  };

  /**
   * What yoga streams from is not the platform's. It begins when it is first read, and cancelled before it would end
   * nothing of what it stands on. Cancelling its reader waits for the read under way, which ends with the next event, or
   * with the next ping after 12 s. Cancelled itself, locked or not, it ends at once.
   */
  async function cancel(): Promise<void> {
    try {
      if (!isRead) read().catch(() => {});
      await source.cancel();
    } catch {
      await reader.cancel();
    }
  }

  const stream = new ReadableStream<Uint8Array>({
    start(own) {
      controller = own;
    },
    async pull(own) {
      const next = await read().catch((error: unknown) => {
        // Of one that was cancelled, the read under way fails.
        if (!ended) throw error;
      });
      if (ended || next === undefined) return;
      if (next.done) {
        ended = true;
        own.close();
      } else own.enqueue(next.value);
    },
    cancel() {
      ended = true;
      return cancel();
    },
  });
  return {
    stream,
    end() {
      if (ended) return;
      ended = true;
      controller?.close();
      cancel().catch(() => {});
    },
  };
}
