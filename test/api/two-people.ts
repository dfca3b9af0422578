import { afterAll } from 'vitest';
import { createGroup } from './conversation.ts';
import { startTestServer } from './running-server.ts';

/** A server that limits nobody's rate, two people, and a group of theirs whenever one is asked for. It stops after the file's tests. */
export async function startWithTwo() {
  const server = await startTestServer({ environment: { HIGHWATER_RATE_LIMITS: 'off' } });
  afterAll(() => server.stop());
  const [ada, ben] = [await server.person('ada'), await server.person('ben')];
  let groups = 0;
  const newGroup = async (): Promise<string> => {
    groups += 1;
    await createGroup(ada, `group-${groups}`, [ben]);
    return `group-${groups}`;
  };
  return { server, ada, ben, newGroup };
}

/** Sends a message and shows of it, besides its seq, what is asked for. */
export const sending = (below: string): string =>
  `mutation ($input: SendMessageInput!) { sendMessage(input: $input) { position message { seq ${below} } } }`;
