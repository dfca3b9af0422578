import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { expect, test } from 'vitest';
import { startNetworkProxy } from '../../torture/network-proxy.ts';

test('bytes keep their order when the latency of a network falls', async () => {
  const received = Promise.withResolvers<string>();
  const server = createServer((socket) => {
    let text = '';
    socket.setEncoding('utf8').on('error', () => {});
    socket.on('data', (more: string) => {
      text += more;
      if (text.length === 4) received.resolve(text);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const proxy = await startNetworkProxy((server.address() as AddressInfo).port);
  const client = connect(proxy.port, '127.0.0.1').on('error', () => {});
  await once(client, 'connect');
  // One chunk at a time: what is written together would travel together.
  const send = async (text: string) => {
    await new Promise<void>((resolve) => client.write(text, () => resolve()));
    // Turns of the event loop that the proxy shares, in which it takes the chunk.
    for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
  };
  proxy.latencyMilliseconds = 100;
  await send('1');
  await send('2');
  proxy.latencyMilliseconds = 0;
  await send('3');
  await send('4');
  expect(await received.promise).toBe('1234');
  await proxy.stop();
  server.close();
});
