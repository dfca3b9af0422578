import { setImmediate as roundOfTheLoop } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { GroupCommand } from '../../../src/commands/group.ts';
import { openRaw, upgrade } from '../raw-socket.ts';
import { type Person, type RunningServer, startTestServer } from '../running-server.ts';

const readers = 3_000;
let server: RunningServer;
let ada: Person;
let betweenSendingAndReading: string;

type Order = Omit<GroupCommand, 'commandId' | 'actorId' | 'at'>;

beforeAll(async () => {
  server = await startTestServer();
  ada = await server.person('ada');
  const { commands, freshness } = server.services;
  let moment = Date.now() - 60_000;
  const envelope = (actorId: string) => {
    moment += 1;
    return { commandId: `command ${moment}`, actorId, at: new Date(moment).toISOString() };
  };
  const handle = (order: object) =>
    commands.handleGroup('g', { ...(order as Order), ...envelope('ada') } as GroupCommand);
  const people = Array.from({ length: readers }, (_, index) => ({
    userId: `reader-${index}`,
    name: undefined,
    role: undefined,
  }));
  await handle({ type: 'CreateGroup', groupId: 'g', name: 'G', creatorName: 'Ada', members: people });
  await handle({ type: 'SendMessage', messageId: 'm', text: 'to all', mentions: [], replyTo: undefined });
  betweenSendingAndReading = new Date(moment).toISOString();
  moment += 1_000;
  const marks = await Promise.all(
    people.map(({ userId }) =>
      commands.handleMark('g', { type: 'MarkReadUpTo', groupId: 'g', upTo: 1, ...envelope(userId) }),
    ),
  );
  const position = Math.max(...marks.map((mark) => ('position' in mark ? mark.position : 0)));
  expect(await freshness.atLeast(position)).toBeUndefined();
});
afterAll(() => server.stop());

/** The most processor time that this thread took from one round of its event loop to the next, and all that it took. */
async function watchLoop(until: Promise<unknown>): Promise<{ longestMilliseconds: number; totalMilliseconds: number }> {
  const used = () => {
    const { user, system } = process.threadCpuUsage();
    return (user + system) / 1_000;
  };
  let [ended, longest] = [false, 0];
  void until.finally(() => {
    ended = true;
  });
  const began = used();
  for (let last = began; !ended; last = used()) {
    await roundOfTheLoop();
    longest = Math.max(longest, used() - last);
  }
  return { longestMilliseconds: longest, totalMilliseconds: used() - began };
}

it('an answer that takes many long reads lets others through between them', async () => {
  // Nobody had read it then, so each of them looks at every member.
  const list = (alias: number) =>
    `a${alias}: readers(first: 1, at: "${betweenSendingAndReading}") { edges { cursor } }`;
  const query = `{ message(groupId: "g", messageId: "m") { ${Array.from({ length: 90 }, (_, alias) => list(alias)).join(' ')} } }`;
  await ada.get('{ me { id } }');
  const asked = ada.get<{ message: object }>(query);
  const { longestMilliseconds, totalMilliseconds } = await watchLoop(asked);
  expect(Object.values((await asked).message)).toHaveLength(90);
  // Processor time and not the clock's, so that the machine's other work does not count.
  expect(totalMilliseconds).toBeGreaterThan(60);
  expect(longestMilliseconds).toBeLessThan(totalMilliseconds / 3);
});

it('subscribers who catch up let others through between the pages', async () => {
  const { commands, feed, log } = server.services;
  await Promise.all(
    Array.from({ length: 2_000 }, (_, index) =>
      commands.handleGroup('g', {
        ...{ type: 'SendMessage', messageId: `message-${index}`, text: 'x', mentions: [], replyTo: undefined },
        ...{ commandId: `send-${index}`, actorId: 'ada', at: new Date().toISOString() },
      }),
    ),
  );
  await feed.reached(await log.endPosition(), 5_000);
  const query = 'subscription { timeline(groupId: "g", afterVersion: 4) { __typename } }';
  const client = ada.connect();
  const items = Array.from({ length: 24 }, () => client.iterate({ query }));
  const asked = Promise.all(items.map((one) => one.next()));
  const { longestMilliseconds, totalMilliseconds } = await watchLoop(asked);
  for (const { value } of await asked) expect(value?.data).toEqual({ timeline: { __typename: 'MessageAdded' } });
  await Promise.all(items.map((one) => one.return?.()));
  expect(longestMilliseconds).toBeLessThan(totalMilliseconds / 3);
});

it('however many messages come at once on a socket, others get through between them', async () => {
  const init = JSON.stringify({ type: 'connection_init', payload: { authorization: `Bearer ${ada.token}` } });
  const { socket, until } = await openRaw(server.url, Buffer.concat([Buffer.from(upgrade()), textFrame(init)]));
  await until('connection_ack');
  const query = '{ inbox { edges { cursor } } }';
  const messages = Array.from({ length: 300 }, (_, index) =>
    textFrame(JSON.stringify({ type: 'subscribe', id: `asked ${index}`, payload: { query } })),
  );
  socket.write(Buffer.concat(messages));
  const { longestMilliseconds, totalMilliseconds } = await watchLoop(until('"asked 299","type":"complete"'));
  expect(longestMilliseconds).toBeLessThan(totalMilliseconds / 4);
  socket.destroy();
});

/** A message as a client sends it, masked with zeros. */
function textFrame(text: string): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(text.length);
  return Buffer.concat([Buffer.from([0x81, 0x80 | 126]), length, Buffer.alloc(4), Buffer.from(text)]);
}
