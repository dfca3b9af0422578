import { connect, type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import type { Draw } from './draw.ts';
import { anyRequest, type Known } from './requests.ts';
import { anyConversation } from './sockets.ts';

export interface Tally {
  requests: number;
  /** Connections that are left open until the end, with whatever was sent on them. */
  readonly lingering: Socket[];
  /** Answers that no request may get. */
  readonly wrong: string[];
}

/** Who sends half of a request, or waits, is not waited for longer. */
const patienceMilliseconds = 60;
const mostLingering = 150;

/** Sends something hostile on a connection of its own and leaves in some way; resolves once the connection is gone. */
export async function attack(url: URL, draw: Draw, known: Known, tally: Tally): Promise<void> {
  const { text, requests } = draw.chance(0.35) ? anyConversation(draw, known) : anyRequest(draw, known);
  const cut = draw.chance(0.15) ? draw.below(text.length) : text.length;
  const bytes = Buffer.from(text.slice(0, cut), 'latin1');
  const leave = draw.below(6);
  const lingers = draw.chance(0.01) && tally.lingering.length < mostLingering;
  // A client each, so that none is stopped for what others did.
  const localAddress = `127.0.${draw.below(200)}.${2 + draw.below(200)}`;
  const socket = connect({ host: url.hostname, port: Number(url.port), localAddress, allowHalfOpen: true });
  const gone = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  const answered = new Promise<void>((resolve) => socket.once('data', () => resolve()).once('end', resolve));
  let received = '';
  socket.on('error', () => {});
  socket.on('data', (chunk) => {
    if (received.length < 100_000) received += chunk.toString('latin1');
  });
  socket.on('end', () => socket.end());
  const settled = (promise: Promise<void>) => Promise.race([promise, gone, wait(patienceMilliseconds)]);
  const middle = draw.below(bytes.length + 1);
  socket.write(bytes.subarray(0, middle));
  if (draw.chance(0.2)) await new Promise(setImmediate);
  socket.write(bytes.subarray(middle));
  tally.requests += requests;
  if (lingers) {
    tally.lingering.push(socket);
    return;
  }
  if (leave === 1) await new Promise(setImmediate);
  if (leave >= 2) await settled(answered);
  if (leave >= 4) {
    socket.end();
    await settled(gone);
  }
  if (leave % 2 === 0) socket.destroy();
  else socket.resetAndDestroy();
  // Node tells of no close where the peer was faster with its reset.
  await settled(gone);
  const status = /HTTP\/1\.1 (5\d\d)/.exec(received)?.[1];
  if (status !== undefined)
    tally.wrong.push(`${status} for ${JSON.stringify(text.slice(0, 400))}: ${received.slice(0, 400)}`);
}
