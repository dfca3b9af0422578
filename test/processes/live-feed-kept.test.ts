import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from 'graphql-ws';
import { expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { readConfig } from '../../src/config.ts';
import type { EventLog, Position } from '../../src/ports/event-log.ts';
import { createLogger } from '../../src/processes/logger.ts';
import { serve } from '../../src/processes/serve.ts';
import * as documents from '../api/documents.ts';

/** A log whose subscriptions end when it is told to, with an error or without one. */
function endableLog() {
  let end = Promise.withResolvers<'quietly' | 'with an error'>();
  let isAway = false;
  const begunAfter: Position[] = [];
  async function* follow(batches: AsyncIterable<never>) {
    if (isAway) throw new Error('still away');
    const iterator = batches[Symbol.asyncIterator]();
    const ending = end.promise;
    for (;;) {
      const next = await Promise.race([iterator.next(), ending]);
      if (typeof next === 'object' && !next.done) yield next.value;
      else {
        await iterator.return?.();
        if (next === 'with an error') throw new Error('the subscription broke');
        return;
      }
    }
  }
  return {
    wrap: (log: EventLog): EventLog => ({
      ...log,
      subscribe(after, signal) {
        begunAfter.push(after);
        return follow(log.subscribe(after, signal) as AsyncIterable<never>);
      },
    }),
    /** The positions that the log was subscribed to after, in turn. */
    begunAfter,
    end(how: 'quietly' | 'with an error', { forLong }: { forLong: boolean }) {
      isAway = forLong;
      end.resolve(how);
      end = Promise.withResolvers();
    },
    comeBack() {
      isAway = false;
    },
  };
}

async function start(awayMilliseconds: number) {
  const directory = mkdtempSync(join(tmpdir(), 'highwater-feed-'));
  const log = endableLog();
  const config = readConfig({ HIGHWATER_DATA: directory, HIGHWATER_PORT: '0' });
  const running = await serve(config, {
    logger: createLogger({ logLevel: 'silent' }),
    wrapLog: log.wrap,
    awayMilliseconds,
  });
  onTestFinished(async () => {
    await running.close();
    rmSync(directory, { recursive: true, force: true });
  });
  const authorization = `Bearer ${await running.services.tokens.issue({ userId: 'ada' }, 600)}`;
  const closed = Promise.withResolvers<number>();
  const client = createClient({
    url: `${running.server.url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: { authorization },
    retryAttempts: 0,
    on: { closed: (event) => closed.resolve((event as { code: number }).code) },
  });
  onTestFinished(() => void client.dispose());

  async function ask(query: string, variables: object) {
    const response = await fetch(`${running.server.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization },
      body: JSON.stringify({ query, variables }),
    });
    expect(((await response.json()) as { errors?: unknown }).errors).toBeUndefined();
  }
  await ask(documents.createGroup, { input: { groupId: 'g', name: 'g' } });
  return {
    log,
    closed: closed.promise,
    send: (messageId: string) => ask(documents.sendMessage, { input: { groupId: 'g', messageId, text: messageId } }),
    /** The whole of a stream of events over HTTP, once it has ended. */
    async stream() {
      const response = await fetch(`${running.server.url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept: 'text/event-stream', authorization },
        body: JSON.stringify({ query: documents.timelineItems, variables: { groupId: 'g', after: 1 } }),
      });
      return response.text();
    },
    items: () =>
      client.iterate<{ timeline: { message: { messageId: string } } }>({
        query: documents.timelineItems,
        variables: { groupId: 'g', after: 1 },
      }),
    async ready() {
      const response = await fetch(`${running.server.url}/ready`);
      const { reason } = (await response.json()) as { reason?: string };
      return { status: response.status, reason };
    },
  };
}

const away = { status: 503, reason: 'the log is not followed: subscriptions and live counts stand still' };

test.each(['quietly', 'with an error'] as const)(
  'a feed that ends %s is begun again where it was: the same subscription goes on without a gap',
  async (how) => {
    const { log, send, items, ready } = await start(60_000);
    await expect.poll(ready).toMatchObject({ status: 200 });
    const iterator = items();
    const next = async () => (await iterator.next()).value?.data?.timeline.message.messageId;
    await send('m1');
    expect(await next()).toBe('m1');
    log.end(how, { forLong: true });
    await expect.poll(ready).toEqual(away);
    await send('m2');
    log.comeBack();
    await send('m3');
    expect([await next(), await next()]).toEqual(['m2', 'm3']);
    expect(log.begunAfter.at(-1)).toBeGreaterThan(log.begunAfter[0] ?? 0);
    expect(await ready()).toMatchObject({ status: 200 });
  },
);

test('a feed that is away for long sends its subscribers away, to resume', async () => {
  const { log, closed, send, items, stream } = await start(200);
  const iterator = items();
  const streamed = stream();
  await send('m1');
  await iterator.next();
  log.end('with an error', { forLong: true });
  expect(await closed).toBe(4410);
  expect(await streamed).toContain('"messageId":"m1"');
  log.comeBack();
});
