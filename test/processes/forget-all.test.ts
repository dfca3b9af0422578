import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { decodeRecorded } from '../../src/events/decode-recorded.ts';
import { groupStream } from '../../src/events/stream-name.ts';
import { openHighwater } from '../../src/processes/highwater.ts';
import { by, mark } from '../commands/given.ts';
import { createLunch, message } from '../commands/process.ts';

const messageIds = Array.from({ length: 100 }, (_, index) => `m-${index + 1}`);

test('whatever is under way when all is forgotten, again and again, is answered once and as it is, counts included', async () => {
  const dataDirectory = await mkdtemp(join(tmpdir(), 'highwater-forget-all-'));
  const highwater = await openHighwater(readConfig({ HIGHWATER_DATA: dataDirectory, HIGHWATER_LOG_LEVEL: 'silent' }));
  onTestFinished(async () => {
    await highwater.close();
    await rm(dataDirectory, { recursive: true });
  });
  const { commands, counts, freshness, log, feed } = highwater.services;
  await commands.handleGroup('lunch', by('ada', createLunch, 'create'));

  let isOver = false;
  const forgetting = (async () => {
    for (let times = 0; !isOver; times += 1) {
      highwater.forgetAll();
      // Between any two steps of what is under way, but not at all of them: whoever is never left alone gets nowhere.
      for (let turns = 0; turns < 1 + (times % 20); turns += 1) await new Promise(setImmediate);
    }
  })();
  const send = async (messageId: string) => {
    const handled = await commands.handleGroup('lunch', by('bob', message(messageId), messageId));
    if ('refused' in handled) throw new Error(`${messageId} is refused: ${handled.refused.kind}`);
    return handled;
  };
  for (let first = 0; first < messageIds.length; first += 10) {
    const batch = messageIds.slice(first, first + 10);
    const [sent] = await Promise.all([Promise.all(batch.map(send)), counts.of('lunch')]);
    const again = await Promise.all(batch.map(send));
    expect(again.every(({ isRepetition }) => isRepetition)).toBe(true);
    // Answered the first time with the end of the append, and from the rows with its own place.
    expect(again.every(({ position }, index) => position <= (sent[index]?.position ?? -1))).toBe(true);
    const upTo = first + 5;
    expect(await commands.handleMark('lunch', mark('cleo', upTo))).toMatchObject({ events: [{ event: {} }] });
    expect(await freshness.atLeast(sent.at(-1)?.position)).toBeUndefined();
  }
  isOver = true;
  await forgetting;

  const stored = await log.readStream(groupStream('lunch'), 0, 1_000);
  const ids = stored.flatMap((recorded) => {
    const { event } = decodeRecorded(recorded);
    return event.type === 'MessageSent' ? [event.data.messageId] : [];
  });
  expect(ids).toEqual(messageIds);
  expect(await feed.reached(await log.endPosition(), 5_000)).toBe(true);
  const counted = await counts.of('lunch');
  expect([1, 95, 96].map((seq) => counted.readCount(seq))).toEqual([1, 1, 0]);
});
