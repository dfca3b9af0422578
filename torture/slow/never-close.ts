import { Socket } from 'node:net';
import { isMainThread } from 'node:worker_threads';
import { WebSocket } from 'ws';

// Loaded before a server by the control of R8: it closes nobody, however long they read nothing.
if (isMainThread) {
  WebSocket.prototype.close = () => {};
  WebSocket.prototype.terminate = () => {};
  Socket.prototype.setTimeout = function never() {
    return this;
  };
}
