import { answer, contestantOptions } from '../child.ts';
import { connectTo, encodeCommand, pipeline } from './redis.ts';

export interface RedisMarksOptions {
  readonly port: number;
  readonly members: number;
  readonly seconds: number;
  readonly connections: number;
}

/** Every member's mark is always under way: each connection pipelines its share of them, again and again. */
const { port, members, seconds, connections } = contestantOptions<RedisMarksOptions>();
const share = members / connections;
let upTo = Date.now();
let acknowledged = 0;

async function client(index: number): Promise<void> {
  const socket = await connectTo(port);
  const deadline = started + seconds * 1_000;
  while (performance.now() < deadline) {
    upTo += 1;
    let commands = '';
    for (let reader = index * share; reader < (index + 1) * share; reader += 1) {
      commands += encodeCommand('ZADD', 'marks', 'GT', 'CH', upTo, `user-${reader}`);
    }
    await pipeline(socket, Buffer.from(commands), share);
    acknowledged += share;
  }
  socket.destroy();
}

const started = performance.now();
await Promise.all(Array.from({ length: connections }, (_, index) => client(index)));
answer({ perSecond: (acknowledged * 1_000) / (performance.now() - started) });
