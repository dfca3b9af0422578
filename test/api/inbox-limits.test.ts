import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Person, type RunningServer, startTestServer } from './running-server.ts';

let server: RunningServer;
let ada: Person;

beforeAll(async () => {
  server = await startTestServer({ environment: { HIGHWATER_RATE_LIMITS: 'sockets-per-person=2' } });
  ada = await server.person('ada');
});

afterAll(() => server.stop());

async function inbox({ token }: Person) {
  const gone = new AbortController();
  const headers = { accept: 'text/event-stream', authorization: `Bearer ${token}` };
  const query = `${server.url}/graphql?query=subscription{inbox{groupId}}`;
  const { body } = await fetch(query, { headers, signal: gone.signal });
  if (body === null) throw new Error('nothing is streamed');
  return { leave: () => gone.abort(), stream: body.getReader() };
}

/** What is told at once: a refusal, or nothing where the inbox is open. */
async function refusalOf({ stream }: Awaited<ReturnType<typeof inbox>>): Promise<string> {
  let told = '';
  while (!told.includes('event: next')) {
    const { value, done } = await stream.read();
    if (done) return told;
    told += Buffer.from(value).toString();
  }
  return told;
}

it('a person has as many inboxes open as sockets, and other subscriptions beside them', async () => {
  const open = [await inbox(ada), await inbox(ada)];
  while (server.services.feed.listenerCount() < 2) await new Promise(setImmediate);
  expect(await refusalOf(await inbox(ada))).toContain('RATE_LIMITED');
  await ada.get('mutation { createGroup(input: { groupId: "g", name: "G" }) { position } }');
  const timeline = ada
    .connect()
    .iterate({ query: 'subscription { timeline(groupId: "g", afterVersion: -1) { __typename } }' });
  expect((await timeline.next()).value?.errors).toBeUndefined();
  await timeline.return?.();
  // Whoever leaves makes room. Nothing listens for them any more by then.
  for (const { leave } of open) leave();
  while (server.services.feed.listenerCount() > 0) await new Promise(setImmediate);
  const again = await inbox(ada);
  while (server.services.feed.listenerCount() < 2) await new Promise(setImmediate);
  again.leave();
});
