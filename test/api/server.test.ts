import { expect, it, onTestFinished } from 'vitest';
import { startServer } from '../../src/api/server.ts';
import { createLogger } from '../../src/processes/logger.ts';
import { openRaw, post } from './raw-socket.ts';
import { startTestServer } from './running-server.ts';

it('takes what cannot be found out for a reason not to be ready, and says it', async () => {
  const server = await startServer({
    ready: () => Promise.reject(new Error('the read models are damaged')),
    logger: createLogger({ logLevel: 'silent' }),
    host: '127.0.0.1',
    port: 0,
    allowedOrigins: [],
  });
  onTestFinished(() => server.close());
  const response = await fetch(`${server.url}/ready`);
  expect(response.status).toBe(503);
  expect(await response.json()).toEqual({ ready: false, reason: 'Error: the read models are damaged' });
});

it('reads the rest of a body that is too large, and goes on with its connection', async () => {
  const server = await startTestServer({ limits: { maximumBodyBytes: 1_000, maximumAnonymousBodyBytes: 1_000 } });
  onTestFinished(() => server.stop());
  const { token } = await server.person('ada');
  for (const headers of [{}, { authorization: `Bearer ${token}` }]) {
    const request = post('x'.repeat(100_000), headers);
    const { socket, until } = await openRaw(server.url, request.slice(0, -50_000));
    await until('413 Payload Too Large');
    socket.write(request.slice(-50_000));
    socket.write('GET /health HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n');
    await until('{"status":"ok"}');
  }
});
