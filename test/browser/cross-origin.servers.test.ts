import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createGroup } from '../api/conversation.ts';
import { type Person, type RunningServer, startTestServer } from '../api/running-server.ts';
import { launchBrowser } from './chromium.ts';

/** Pages of other origins, in a real browser: it is the browser that holds them to what the server allows. */
let browser: Browser;
let sites: readonly Server[];
let friendly: string;
let foreign: string;
let server: RunningServer;
let ada: Person;

const originOf = (site: Server): string => `http://127.0.0.1:${(site.address() as AddressInfo).port}`;

async function openSite(): Promise<Server> {
  const site = createServer((_request, response) => {
    response.setHeader('content-type', 'text/html');
    response.end('<!doctype html><title>A page</title><iframe sandbox="allow-scripts" srcdoc="a frame"></iframe>');
  });
  site.listen(0, '127.0.0.1');
  await once(site, 'listening');
  return site;
}

beforeAll(async () => {
  browser = await launchBrowser();
  sites = await Promise.all([openSite(), openSite()]);
  [friendly, foreign] = sites.map(originOf) as [string, string];
  server = await startTestServer({ allowedOrigins: friendly });
  ada = await server.person('ada');
  await createGroup(ada, 'pages', []);
});

afterAll(async () => {
  await browser.close();
  for (const site of sites) site.close();
  await server.stop();
});

/** Runs `act` with a page of this address open. */
async function onPage<Result>(address: string, act: (page: Page) => Promise<Result>): Promise<Result> {
  const context = await browser.newContext();
  try {
    const page = await context.newPage();
    await page.goto(address);
    return await act(page);
  } finally {
    await context.close();
  }
}

/** What a script of the page, or of its sandboxed frame, gets to read of `{ me { userId } }`, with a token. */
const askFrom = (address: string, frame: 'page' | 'sandbox' = 'page') =>
  onPage(address, async (page) => {
    const from = frame === 'page' ? page.mainFrame() : page.frames()[1];
    return from?.evaluate(
      async ([url, token]) => {
        const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
        const body = JSON.stringify({ query: '{ me { userId } }' });
        try {
          return await (await fetch(`${url}/graphql`, { method: 'POST', headers, body })).text();
        } catch (error) {
          return String(error);
        }
      },
      [server.url, ada.token] as const,
    );
  });

const connectFrom = (address: string) =>
  onPage(address, (page) =>
    page.evaluate((url) => {
      const socket = new WebSocket(`${url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
      return new Promise<string>((resolve) => {
        socket.onopen = () => resolve('open');
        socket.onerror = () => resolve('refused');
      });
    }, server.url),
  );

it('a page of an origin that is configured reads answers and opens sockets', async () => {
  expect(await askFrom(friendly)).toBe('{"data":{"me":{"userId":"ada"}}}');
  expect(await connectFrom(friendly)).toBe('open');
});

it('a page of any other origin does neither, nor does a sandboxed frame of the configured one', async () => {
  expect(await askFrom(foreign)).toContain('TypeError');
  expect(await connectFrom(foreign)).toBe('refused');
  expect(await askFrom(friendly, 'sandbox')).toContain('TypeError');
  expect(await askFrom(foreign, 'sandbox')).toContain('TypeError');
});

it('what a page may send anywhere without asking changes nothing', async () => {
  await onPage(foreign, (page) =>
    page.evaluate(async (url) => {
      const query = 'mutation { renameGroup(input: { groupId: "pages", name: "Taken over" }) { position } }';
      const send = (init: RequestInit) =>
        fetch(`${url}/graphql`, { mode: 'no-cors', credentials: 'include', ...init }).catch(() => undefined);
      for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data']) {
        await send({ method: 'POST', headers: { 'content-type': type }, body: JSON.stringify({ query }) });
      }
      const form = new FormData();
      form.set('operations', JSON.stringify({ query }));
      await send({ method: 'POST', body: form });
      await fetch(`${url}/graphql?query=${encodeURIComponent(query)}`, { mode: 'no-cors' }).catch(() => undefined);
    }, server.url),
  );
  expect(await ada.get('{ group(groupId: "pages") { name } }')).toEqual({ group: { name: 'Group pages' } });
});

it('GraphiQL, which the server serves itself, asks and is answered', async () => {
  await onPage(`${server.url}/graphql`, async (page) => {
    const answered = page.waitForResponse((response) => response.request().method() === 'POST');
    await page.locator('.graphiql-execute-button').waitFor();
    expect((await answered).status()).toBe(200);
    expect(await page.title()).toBe('Highwater');
  });
});
