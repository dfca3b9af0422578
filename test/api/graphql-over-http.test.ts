import { serverAudits } from 'graphql-http';
import { afterAll, expect, it } from 'vitest';
import { startTestServer } from './running-server.ts';

const server = await startTestServer();
afterAll(() => server.stop());
const ada = await server.person('ada');

const audits = serverAudits({
  url: () => `${server.url}/graphql`,
  fetchFn: (url: string, init?: RequestInit) =>
    fetch(url, { ...init, headers: { ...init?.headers, authorization: `Bearer ${ada.token}` } }),
});

it('all audits are here', () => expect(audits).toHaveLength(61));

it.each(audits.map((audit) => [audit.id, audit.name, audit] as const))('%s %s', async (_id, _name, audit) => {
  const result = await audit.fn();
  expect(result.status, 'reason' in result ? result.reason : '').toBe('ok');
});
