import { EventEmitter } from 'node:events';
import { expect, test, vi } from 'vitest';
import { handleAppend } from '../../src/eventstore-server/append.ts';
import { answering } from '../../src/eventstore-server/calls.ts';

/** A call whose way back is broken: nobody waits for it, so nobody would hear of a rejection. */

const fails = (): never => {
  throw new Error('the way back broke');
};

test('a call whose status cannot be told is told to whoever watches, and rejects nothing', async () => {
  const onFault = vi.fn();
  const call = Object.assign(new EventEmitter(), { sendMetadata: fails, write: fails, end: fails, cancelled: false });
  await answering(
    call as never,
    { closing: new AbortController().signal, onFault },
    () => 1,
    async ({ send }) => {
      await send('x');
    },
  );
  expect(onFault).toHaveBeenCalledWith(expect.objectContaining({ message: 'the way back broke' }));
});

test('an append whose answer cannot be given is told to whoever watches', async () => {
  const onFault = vi.fn();
  const call = Object.assign((async function* () {})(), { sendMetadata: fails, cancelled: true });
  const append = handleAppend(async () => fails(), { closing: new AbortController().signal, onFault });
  append(call as never, fails as never);
  await vi.waitFor(() => expect(onFault).toHaveBeenCalledOnce());
});
