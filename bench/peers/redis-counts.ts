import { answer, contestantOptions } from '../child.ts';
import { countedPages, finalMarks, pageSize } from '../marks-history.ts';
import { percentile } from '../measure.ts';
import { connectTo, encodeCommand, pipeline } from './redis.ts';

export interface RedisCountsOptions {
  readonly port: number;
  readonly pages: number;
}

/** A page is 50 ZCOUNTs in one write: how many marks stand at or beyond each message. */
const options = contestantOptions<RedisCountsOptions>();
const socket = await connectTo(options.port);
const commands = finalMarks().map((upTo, index) => encodeCommand('ZADD', 'marks', upTo, `user-${index}`));
await pipeline(socket, Buffer.from(commands.join('')), commands.length);

const microseconds: number[] = [];
for (const first of countedPages(options.pages)) {
  const started = performance.now();
  let text = '';
  for (let seq = first; seq < first + pageSize; seq += 1) text += encodeCommand('ZCOUNT', 'marks', seq, '+inf');
  await pipeline(socket, Buffer.from(text), pageSize);
  microseconds.push((performance.now() - started) * 1_000);
}
answer({ p99: percentile(microseconds, 0.99) });
