import { EventEmitter } from 'node:events';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Yoga } from '../../src/api/graphql.ts';
import { createHttpOperations } from '../../src/api/http-operations.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A subscription that begins once `begin` resolves, for somebody whose token is good for a minute. */
function subscribing(begin: Promise<void>) {
  const cancelled = vi.fn();
  const handleRequest = async (_request: Request, { admitted }: { admitted: (viewer: object) => void }) => {
    admitted({ userId: 'ada', name: 'ada', expiresAt: 60_000 });
    await begin;
    const body = new ReadableStream({ cancel: cancelled });
    return new Response(body, { headers: { 'content-type': 'text/event-stream' } });
  };
  const yoga = { fetchAPI: { Request }, handleRequest } as unknown as Yoga;
  const raw = Object.assign(new EventEmitter(), { closed: false, writableFinished: false });
  const reply = { raw, header: () => reply, status: () => reply, send: () => reply };
  const operations = createHttpOperations({ yoga, now: () => 0, addressOf: () => undefined, graphiql: false });
  const request = { method: 'GET', url: '/graphql', headers: {}, body: undefined };
  return {
    cancelled,
    answered: operations.answer(request as unknown as FastifyRequest, reply as unknown as FastifyReply),
    goAway() {
      raw.closed = true;
      raw.emit('close');
    },
  };
}

it('a stream is watched until its client goes', async () => {
  const { answered, goAway, cancelled } = subscribing(Promise.resolve());
  await answered;
  expect(vi.getTimerCount()).toBe(1);
  expect(cancelled).not.toHaveBeenCalled();
  goAway();
  expect(vi.getTimerCount()).toBe(0);
});

it('of a client that goes while its subscription begins nothing is kept', async () => {
  const begin = Promise.withResolvers<void>();
  const { answered, goAway, cancelled } = subscribing(begin.promise);
  goAway();
  begin.resolve();
  await answered;
  expect(cancelled).toHaveBeenCalledOnce();
  expect(vi.getTimerCount()).toBe(0);
});
