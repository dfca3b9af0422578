import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, onTestFinished, test, vi } from 'vitest';
import type { EncodedEvent } from '../../src/events/codec.ts';
import { groupStream, importsStream, readsStream, type StreamName } from '../../src/events/stream-name.ts';
import type { EventLog } from '../../src/ports/event-log.ts';
import { createGroup, mark, type Sent, send } from '../api/conversation.ts';
import * as documents from '../api/documents.ts';
import { type Person, type RunningServer, startTestServer, take } from '../api/running-server.ts';

const metadata = JSON.stringify({
  ...{ correlationId: 'c', causationId: 'c', actorId: 'ada', at: '2026-01-01T00:00:00.000Z' },
  v: 1,
});
const event = (type: string, data: object, more: Partial<EncodedEvent> = {}): EncodedEvent => ({
  ...{ eventId: randomUUID(), type, data: JSON.stringify(data), metadata },
  ...more,
});
/** As a newer release would write it: this one cannot know what it says. */
const newer = (stored: EncodedEvent): EncodedEvent => ({ ...stored, metadata: metadata.replace('"v":1', '"v":2') });

const markOf = (groupId: string, upTo: number) => event('ReadUpTo', { groupId, userId: 'bob', upTo });
const renamed = event('GroupRenamed', { name: 'Anew' });
const sentAs = (seq: number) =>
  event('MessageSent', {
    ...{ messageId: `at-${seq}`, seq, authorId: 'ada', text: 'poison', replyTo: null },
    ...{ mentions: [], mentionsAll: false, audienceCount: 1 },
  });
const imported = (groupId: string) => event('FileImported', { groupId, file: 'f', sha256: 'a'.repeat(64), lines: 1 });
const leftAfter = (afterSeq: number) => event('MemberLeft', { userId: 'bob', afterSeq, memberCount: 1 });

type Stream = (groupId: string) => StreamName;
type Poison = readonly [groupId: string, stream: Stream, stored: EncodedEvent];

/** Each halts a group of its own. These can be read by a newer release, */
const curable: readonly Poison[] = [
  ['newer-shape', groupStream, newer(renamed)],
  ['newer-mark', readsStream, newer(markOf('newer-mark', 1))],
  ['newer-import', importsStream, newer(imported('newer-import'))],
];
/** and these by none. */
const poisons: readonly Poison[] = [
  ...curable,
  ['unknown-event', groupStream, event('GroupPainted', {})],
  ['unknown-mark', readsStream, event('ReadTwice', {})],
  ['mark-in-group', groupStream, markOf('mark-in-group', 1)],
  ['message-in-reads', readsStream, sentAs(3)],
  ['mark-of-another', readsStream, markOf('good', 1)],
  ['seq-of-28-bits', groupStream, sentAs(2 ** 28)],
  ['largest-seq', groupStream, sentAs(2 ** 28 - 1)],
  ['mark-of-31-bits', readsStream, markOf('mark-of-31-bits', 2 ** 31)],
  ['left-later', groupStream, leftAfter(2 ** 27)],
];

interface Scene {
  readonly server: RunningServer;
  readonly ada: Person;
  readonly bob: Person;
  readonly eve: Person;
}

async function scene(
  groupIds: readonly string[],
  betweenRuns?: (dataDirectory: string) => Promise<void>,
): Promise<Scene> {
  const server = await startTestServer({ environment: {}, ...(betweenRuns && { betweenRuns }) });
  onTestFinished(() => server.stop());
  const [ada, bob, eve] = await Promise.all([server.person('ada'), server.person('bob'), server.person('eve')]);
  // What is asked of all groups meets the halted ones first.
  for (const groupId of ['good', ...groupIds]) {
    await createGroup(ada, groupId, [bob]);
    await send(ada, groupId, `${groupId}-1`, 'one');
    await send(ada, groupId, `${groupId}-2`, 'two @all');
    await mark(bob, groupId, 1);
  }
  return { server, ada, bob, eve };
}

async function appendPoison({ server }: Scene, [groupId, stream, stored]: Poison): Promise<void> {
  const { log, feed } = server.services;
  const [last] = await log.readStreamBackwards(stream(groupId), undefined, 1);
  const result = await log.append(stream(groupId), last?.version ?? -1, [stored]);
  if (result.kind === 'conflict') throw new Error('somebody else has appended');
  expect(await feed.reached(result.position, 5_000)).toBe(true);
}

const sendTo = (groupId: string) => ({ input: { groupId, messageId: randomUUID(), text: 'after' } });

/** Where the streams of the group end. */
const ends = (log: EventLog, groupId: string) =>
  Promise.all(
    [groupStream, readsStream, importsStream].map(async (stream) => {
      const [last] = await log.readStreamBackwards(stream(groupId), undefined, 1);
      return last?.version;
    }),
  );

/** Nothing is decided or shown of one group. */
async function expectHalted({ server, ada, bob, eve }: Scene, groupId: string): Promise<void> {
  const { log } = server.services;
  const before = await ends(log, groupId);
  expect((await ada.ask(documents.sendMessage, sendTo(groupId))).errors).toMatchObject([
    { extensions: { code: 'UNAVAILABLE', reason: 'GROUP_HALTED' } },
  ]);
  const marks = [groupId, 'good'].map((one) => ({ groupId: one, upTo: 2 }));
  const marked = await bob.get<{ markReadUpTo: object }>(documents.markReadUpTo, { input: { marks } });
  expect(marked.markReadUpTo).toMatchObject({
    marks: [{ groupId: 'good', markedUpTo: 2 }],
    refusals: [{ groupId, code: 'UNAVAILABLE' }],
  });
  expect(await ada.refused(documents.timelinePage, { id: groupId, last: 9 })).toBe('UNAVAILABLE');
  expect(await eve.refused(documents.timelinePage, { id: groupId, last: 9 })).toBe('NOT_FOUND');
  expect(await eve.refused(documents.sendMessage, sendTo(groupId))).toBe('NOT_FOUND');
  expect(await ends(log, groupId)).toEqual(before);
}

/** Everything is, of the group that is not halted. */
async function expectOthersToGoOn({ server, ada, bob }: Scene, groupIds: readonly string[]): Promise<void> {
  const sent = await ada.get<Sent>(documents.sendMessage, sendTo('good'));
  const good = { id: 'good', last: 1, atLeast: sent.sendMessage.position };
  expect(await bob.get(documents.timelinePage, good)).toMatchObject({
    group: { lastSeq: sent.sendMessage.message.seq, timeline: { edges: [{ node: { text: 'after', readCount: 0 } }] } },
  });
  const inbox = await bob.get<{ inbox: { edges: { node: { group: { groupId: string } } }[] } }>(
    '{ inbox(first: 9) { edges { node { group { groupId } } } } }',
  );
  expect(inbox.inbox.edges.map(({ node }) => node.group.groupId)).toEqual(['good']);
  // Their messages hold the word, and a mention, as well.
  const { messages } = server.services;
  const found = await messages.search([...groupIds, 'good'], 'one', undefined, 1);
  expect(found).toMatchObject([{ groupId: 'good' }]);
  expect(await messages.mentionsPage('bob', undefined, 1)).toMatchObject([{ message: { groupId: 'good' } }]);
  const halted = await server.services.readModels.haltedGroups();
  expect(halted.map(({ groupId }) => groupId).sort()).toEqual([...groupIds].sort());
  const ready = await (await fetch(`${server.url}/ready`)).json();
  expect(ready).toMatchObject({ ready: true, haltedGroups: groupIds.length });
}

test('poison of every kind halts all of its group and nothing else, the same after a restart', async () => {
  const groupIds = poisons.map(([groupId]) => groupId);
  const halted = await scene(groupIds);
  for (const poison of poisons) {
    const [groupId] = poison;
    const variables = { groupId, after: 3 };
    const told = take<object>(halted.bob.connect(), { query: documents.timelineItems, variables }, 9).then(
      () => 'nine items',
      (error: unknown) => `${String(error)} ${JSON.stringify(error)}`,
    );
    await appendPoison(halted, poison);
    expect(await told).toContain('This group is halted');
    await expectHalted(halted, groupId);
  }
  await expectOthersToGoOn(halted, groupIds);
  await halted.server.restart();
  for (const groupId of groupIds) await expectHalted(halted, groupId);
  await expectOthersToGoOn(halted, groupIds);
});

test('what can read the event cures its group', async () => {
  const groupIds = curable.map(([groupId]) => groupId);
  const healed = await scene(groupIds, async (dataDirectory) => {
    // What the newer release would read from these bytes is what they say in the shape that this one knows.
    const database = new DatabaseSync(join(dataDirectory, 'log.db'));
    const update = database.prepare('UPDATE events SET metadata = ? WHERE metadata LIKE ?');
    const { changes } = update.run(metadata, '%"v":2%');
    database.close();
    expect(Number(changes)).toBe(curable.length);
  });
  for (const poison of curable) await appendPoison(healed, poison);
  for (const groupId of groupIds) await expectHalted(healed, groupId);
  await healed.server.restart();
  const { ada, bob, server } = healed;
  for (const groupId of groupIds) {
    const sent = await vi.waitFor(() => send(ada, groupId, `${groupId}-3`, 'three'), { timeout: 10_000, interval: 50 });
    expect(sent.sendMessage.message).toMatchObject({ seq: 3, audienceCount: 1 });
    const marked = await mark(bob, groupId, 2);
    const page = { id: groupId, last: 9, atLeast: marked.markReadUpTo.position };
    const shown = await bob.get<{ group: { timeline: { edges: { node: object }[] } } }>(documents.timelinePage, page);
    expect(shown.group.timeline.edges.map(({ node }) => node)).toMatchObject([
      { seq: 1, readCount: 1 },
      { seq: 2, readCount: 1 },
      { seq: 3, readCount: 0 },
    ]);
  }
  expect(await server.services.readModels.haltedGroups()).toEqual([]);
});
