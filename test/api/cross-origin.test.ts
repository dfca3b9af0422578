import { afterEach, expect, it } from 'vitest';
import { exchange } from './raw-socket.ts';
import { type RunningServer, startTestServer } from './running-server.ts';

let server: RunningServer;

afterEach(() => server.stop());

/** What a browser asks before a page may send a request with a token. */
const preflight = (origin: string, method = 'POST', headers = 'authorization,content-type') =>
  request(
    'OPTIONS',
    origin,
    `access-control-request-method: ${method}\r\naccess-control-request-headers: ${headers}\r\n`,
  );

function request(method: string, origin: string, more = ''): string {
  const body = method === 'POST' ? '{"query":"{ me { id } }"}' : '';
  const json = `content-type: application/json\r\ncontent-length: ${body.length}\r\n`;
  return `${method} /graphql HTTP/1.1\r\nhost: chat.example\r\norigin: ${origin}\r\n${more}${json}connection: close\r\n\r\n${body}`;
}

/** The headers of an answer that a browser looks at. */
function permissions(answer: string): Record<string, string> {
  const [head = ''] = answer.split('\r\n\r\n', 1);
  const lines = head.split('\r\n').slice(1);
  const headers = lines.map((line) => [
    line.slice(0, line.indexOf(':')).toLowerCase(),
    line.slice(line.indexOf(':') + 2),
  ]);
  return Object.fromEntries(headers.filter(([name]) => name?.startsWith('access-control-') || name === 'vary'));
}

const vary = 'Origin, Accept, Accept-Encoding';

const foreign = [
  'https://evil.example',
  'null',
  'http://chat.example.evil.example',
  'https://chat.example:8443',
  'file://',
  '*',
];

it('gives no page of another origin a permission where none is configured', async () => {
  server = await startTestServer();
  for (const origin of [...foreign, 'https://friend.example']) {
    for (const bytes of [preflight(origin), request('POST', origin), request('GET', origin)]) {
      expect(permissions(await exchange(server.url, bytes)), origin).toEqual({ vary });
    }
  }
});

it.each([
  ['one', 'https://friend.example'],
  ['two', 'https://friend.example,https://other.example'],
])(
  'gives the origins that are configured a permission, and nobody else, with %s of them',
  async (_count, allowedOrigins) => {
    server = await startTestServer({ allowedOrigins });
    for (const origin of foreign) {
      for (const bytes of [preflight(origin), request('POST', origin)]) {
        expect(permissions(await exchange(server.url, bytes)), origin).toEqual({ vary });
      }
    }
    for (const origin of allowedOrigins.split(',')) {
      const asked = await exchange(server.url, preflight(origin));
      expect(asked).toMatch(/^HTTP\/1.1 204 No Content\r\n/);
      expect(permissions(asked)).toEqual({
        vary,
        'access-control-allow-origin': origin,
        'access-control-allow-methods': 'GET, POST',
        'access-control-allow-headers': expect.stringContaining('traceparent, tracestate, baggage'),
        'access-control-max-age': '7200',
      });
      const answered = await exchange(server.url, request('POST', origin));
      expect(permissions(answered)).toEqual({
        vary,
        'access-control-allow-origin': origin,
        'access-control-expose-headers': 'x-request-id, retry-after',
      });
    }
  },
);

it('lets GraphiQL work and nobody frame it', async () => {
  server = await startTestServer();
  const page = await fetch(`${server.url}/graphql`, { headers: { accept: 'text/html' } });
  expect(await page.text()).toContain('<script');
  const policy = page.headers.get('content-security-policy');
  expect(policy).toContain("frame-ancestors 'none'");
  // Its scripts stand in the page.
  expect(policy).not.toMatch(/script-src|default-src|style-src/);
  expect(page.headers.get('x-content-type-options')).toBe('nosniff');
  expect(page.headers.get('x-frame-options')).toBe('DENY');
});
