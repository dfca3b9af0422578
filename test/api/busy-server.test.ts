import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { expect, it } from 'vitest';
import { startTestServer } from './running-server.ts';

/** A peer in a thread of its own, which answers each ping when it is told that the server's thread stands still. */
const peer = `
  const { parentPort, workerData } = require('node:worker_threads');
  const { WebSocket } = require('ws');
  const socket = new WebSocket(workerData.url, 'graphql-transport-ws', { autoPong: false });
  socket.on('open', () => parentPort.postMessage('open'));
  socket.on('ping', () => {
    parentPort.postMessage('ping');
    Atomics.wait(workerData.standing, 0, 0);
    Atomics.store(workerData.standing, 0, 0);
    socket.pong();
  });
  socket.on('close', (code) => parentPort.postMessage('closed with ' + code));
`;

it('closes no socket for pings whose answers it was too busy to read', async () => {
  const pingMilliseconds = 100;
  const server = await startTestServer({ limits: { pingMilliseconds } });
  const standing = new Int32Array(new SharedArrayBuffer(4));
  const url = `${server.url.replace('http', 'ws')}/graphql`;
  const worker = new Worker(peer, { eval: true, workerData: { url, standing } });
  expect(await once(worker, 'message')).toEqual(['open']);
  for (let round = 0; round < 5; round += 1) {
    expect(await once(worker, 'message')).toEqual(['ping']);
    Atomics.store(standing, 0, 1);
    Atomics.notify(standing, 0);
    const end = performance.now() + 2.5 * pingMilliseconds;
    while (performance.now() < end);
  }
  await worker.terminate();
  await server.stop();
});
