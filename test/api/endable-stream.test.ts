import { createYoga } from 'graphql-yoga';
import { expect, it, vi } from 'vitest';
import { endableStream } from '../../src/api/endable-stream.ts';

/** A stream as yoga answers with, and what becomes of what it stands on. */
function standing() {
  const { ReadableStream: YogaStream } = createYoga({ logging: false }).fetchAPI;
  const returned = vi.fn();
  let begun: { return(): void } | undefined;
  const source = new YogaStream<Uint8Array>({
    start(controller) {
      begun = { return: returned };
      controller.enqueue(new TextEncoder().encode(':\n\n'));
    },
    pull: () => new Promise(() => {}),
    cancel: () => begun?.return(),
  });
  return { source, returned };
}

it('ends what it stands on when it is ended before anybody has read it', async () => {
  const { source, returned } = standing();
  endableStream(source).end();
  await vi.waitFor(() => expect(returned).toHaveBeenCalledOnce());
});

it('ends it while a read is under way, and when it is cancelled by its reader', async () => {
  for (const how of ['end', 'cancel'] as const) {
    const { source, returned } = standing();
    const { stream, end } = endableStream(source);
    const reader = stream.getReader();
    expect((await reader.read()).done).toBe(false);
    const pending = reader.read();
    if (how === 'end') end();
    else await reader.cancel();
    expect((await pending).done).toBe(true);
    await vi.waitFor(() => expect(returned).toHaveBeenCalledOnce());
  }
});
