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
  const stream = new ReadableStream<Uint8Array>({
    start(own) {
      controller = own;
    },
    async pull(own) {
      const { done, value } = await reader.read();
      if (ended) return;
      if (!done) own.enqueue(value);
      else {
        ended = true;
        own.close();
      }
    },
    cancel(reason) {
      ended = true;
      return reader.cancel(reason);
    },
  });
  return {
    stream,
    end() {
      if (ended) return;
      ended = true;
      controller?.close();
      reader.cancel().catch(() => {});
    },
  };
}
