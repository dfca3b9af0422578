import { Socket } from 'node:net';
import { isMainThread } from 'node:worker_threads';

// Loaded before a server by the control of R12: once it is told to end, it waits for every client to go by itself.
if (isMainThread) {
  process.once('SIGTERM', () => {
    Socket.prototype.destroy = function keep() {
      return this;
    };
    process.exit = (() => {}) as typeof process.exit;
  });
}
