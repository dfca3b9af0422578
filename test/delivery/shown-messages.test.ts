import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createShownMessages } from '../../src/delivery/shown-messages.ts';
import { LogUnavailable } from '../../src/ports/event-log.ts';
import type { MessagePages } from '../../src/ports/pages.ts';
import { ReadModelsUnavailable } from '../../src/ports/read-model-faults.ts';
import type { MessageRow } from '../../src/ports/rows.ts';
import { deleted, edited, lunch, reacted, sent } from '../commands/events.ts';
import { createStage, groupId, type Stage } from './stage.ts';

let stage: Stage;
let messages: MessagePages;
let isLogAway: boolean;
let logReads: number;

const ids = (count: number) => Array.from({ length: count }, (_, index) => `m-${index + 1}`);
const texts = (rows: readonly MessageRow[]) => rows.map(({ text }) => text);

/** Queries on the lagging rows: the newest first where a page is asked for, as the port says. */
function queries(stage: Stage) {
  const all = async () => (await stage.lagging.messages(groupId, ids(300))).toSorted((a, b) => b.seq - a.seq);
  return {
    ...stage.lagging,
    timelinePage: async (_: string, range: { fromSeq: number; toSeq: number; limit: number }) =>
      (await all())
        .filter(({ seq }) => seq >= range.fromSeq && seq <= range.toSeq)
        .toReversed()
        .slice(0, range.limit),
    search: async (_: readonly string[], word: string, before = Number.MAX_SAFE_INTEGER, limit: number) =>
      (await all()).filter(({ sentPosition, text }) => text?.includes(word) && sentPosition < before).slice(0, limit),
    messagesBySeq: async (keys: readonly { readonly seq: number }[]) =>
      (await all()).filter((row) => keys.some(({ seq }) => seq === row.seq)),
    mentionsPage: async (_: string, before: number | undefined, limit: number) =>
      (await all())
        .map((message) => ({ message, position: message.seq }))
        .filter(({ position }) => before === undefined || position < before)
        .slice(0, limit),
  };
}

beforeEach(async () => {
  stage = createStage();
  isLogAway = false;
  logReads = 0;
  const log: Stage['log'] = {
    ...stage.log,
    readStream: async (...args) => {
      logReads += 1;
      if (isLogAway) throw new LogUnavailable('by order of the test');
      return stage.log.readStream(...args);
    },
  };
  messages = createShownMessages({ readModels: queries(stage), commands: stage.commands, log });
  await stage.append(
    ...lunch,
    sent(1, 'ada'),
    sent(2, 'ada', { text: 'two words' }),
    sent(3, 'bob', { text: 'three words' }),
  );
  stage.lagging.advance();
  await stage.commands.group(groupId);
  await stage.fed();
});
afterEach(() => stage.stop());

const page = { fromSeq: 1, toSeq: 3, limit: 10, last: false };

describe('while the rows lag behind', () => {
  beforeEach(async () => {
    await stage.append(deleted(1), edited(2, 'second'), edited(2, 'newest'), reacted(3, 'ada'));
    await stage.fed();
  });

  test('no query shows what was deleted or replaced since, and each shows the newest', async () => {
    const shown = await messages.timelinePage(groupId, page);
    expect(texts(shown)).toEqual([null, 'newest', 'three words']);
    expect(shown[0]).toMatchObject({ deletedAt: expect.any(String) });
    expect(shown[1]).toMatchObject({ editedAt: expect.any(String), deletedAt: null });
    expect(texts(await messages.messages(groupId, ['m-1', 'm-2']))).toEqual([null, 'newest']);
    const bySeq = await messages.messagesBySeq([3, 1, 9].map((seq) => ({ groupId, seq })));
    expect(texts(bySeq.toSorted((a, b) => a.seq - b.seq))).toEqual([null, 'three words']);
    const mentions = await messages.mentionsPage('bob', undefined, 10);
    expect(mentions.map(({ message, position }) => [position, message.text])).toEqual([
      [3, 'three words'],
      [2, 'newest'],
      [1, null],
    ]);
  });

  test('a search does not tell that a text once held the words', async () => {
    expect(texts(await messages.search([groupId], 'words', undefined, 10))).toEqual(['three words']);
    expect(await messages.search([groupId], 'message', undefined, 10)).toEqual([]);
  });

  test('where the log does not answer, a text in doubt is left out', async () => {
    isLogAway = true;
    expect(texts(await messages.timelinePage(groupId, page))).toEqual([null, null, null]);
  });

  test('what has been projected meanwhile is shown as the rows have it, without the log', async () => {
    stage.lagging.advance();
    expect(texts(await messages.timelinePage(groupId, page))).toEqual([null, 'newest', 'three words']);
    expect(logReads).toBe(0);
  });
});

test('what was deleted while the rows were on their way is not shown', async () => {
  const real = queries(stage);
  const late = createShownMessages({
    readModels: {
      ...real,
      timelinePage: async (...args) => {
        const rows = await real.timelinePage(...args);
        await stage.order('ada', { type: 'DeleteMessage', messageId: 'm-1' }, `delete-${rows.length}`);
        return rows;
      },
    },
    commands: stage.commands,
    log: stage.log,
  });
  expect(texts(await late.timelinePage(groupId, page))).toEqual([null, 'two words', 'three words']);
});

test('a cold state that was loaded after the change relies on rows that are read after it', async () => {
  const cold = createStage();
  try {
    await cold.append(...lunch, sent(1, 'ada'));
    cold.lagging.advance();
    await cold.append(deleted(1));
    const readModels = queries(cold);
    const shown = createShownMessages({
      readModels: {
        ...readModels,
        // The projection comes along between the reading of the mentions and the loading of the state.
        mentionsPage: async (...args) => {
          const rows = await readModels.mentionsPage(...args);
          cold.lagging.advance();
          return rows;
        },
      },
      commands: cold.commands,
      log: cold.log,
    });
    const [mention] = await shown.mentionsPage('bob', undefined, 10);
    expect(mention?.message.text).toBeNull();
  } finally {
    await cold.stop();
  }
});

test('what is projected while a cold state is loaded is not taken for exact', async () => {
  const cold = createStage();
  try {
    await cold.append(...lunch, sent(1, 'ada'));
    cold.lagging.advance();
    await cold.append(deleted(1));
    const readModels = queries(cold);
    const timelinePage: typeof readModels.timelinePage = async (...args) => {
      const rows = await readModels.timelinePage(...args);
      cold.lagging.advance();
      return rows;
    };
    const options = { readModels: { ...readModels, timelinePage }, commands: cold.commands, log: cold.log };
    expect(texts(await createShownMessages(options).timelinePage(groupId, page))).toEqual([null]);
  } finally {
    await cold.stop();
  }
});

describe('a group that is let go and loaded again, while its rows are on their way, from a snapshot that is newer than they are', () => {
  const letGoAfter = <Values extends unknown[]>(ask: (...values: Values) => Promise<readonly MessageRow[]>) => {
    let isFirst = true;
    return async (...values: Values) => {
      const rows = await ask(...values);
      if (isFirst) {
        isFirst = false;
        stage.lagging.advance();
        stage.commands.forgetAll();
      }
      return rows;
    };
  };
  beforeEach(async () => {
    await stage.append(deleted(1), edited(2, 'newest'));
    await stage.fed();
  });

  test('shows nothing of a page that was deleted or replaced', async () => {
    const real = queries(stage);
    const readModels = { ...real, timelinePage: letGoAfter(real.timelinePage) };
    const shown = createShownMessages({ readModels, commands: stage.commands, log: stage.log });
    expect(texts(await shown.timelinePage(groupId, page))).toEqual([null, 'newest', 'three words']);
  });

  test('finds nothing by a text that was deleted or replaced', async () => {
    const real = queries(stage);
    const readModels = { ...real, search: letGoAfter(real.search) };
    const shown = createShownMessages({ readModels, commands: stage.commands, log: stage.log });
    expect(texts(await shown.search([groupId], 'words', undefined, 10))).toEqual(['three words']);
  });

  test('is refused where that happens whenever it is read', async () => {
    const real = queries(stage);
    let seq = 3;
    const timelinePage: typeof real.timelinePage = async (...values) => {
      const rows = await real.timelinePage(...values);
      seq += 1;
      await stage.append(sent(seq, 'ada'));
      stage.lagging.advance();
      stage.commands.forgetAll();
      return rows;
    };
    const readModels = { ...real, timelinePage };
    const shown = createShownMessages({ readModels, commands: stage.commands, log: stage.log });
    await expect(shown.timelinePage(groupId, page)).rejects.toThrow(ReadModelsUnavailable);
  });
});

test('what is no outage of the log is not passed over', async () => {
  await stage.append(deleted(1));
  await stage.fed();
  const log = { readStream: () => Promise.reject(new RangeError('by order of the test')) };
  const defect = createShownMessages({ readModels: queries(stage), commands: stage.commands, log });
  await expect(defect.timelinePage(groupId, page)).rejects.toThrow(RangeError);
});

test('a search reads on until its page is full, and gives up where nearly nothing stands', async () => {
  const many = Array.from({ length: 250 }, (_, index) => sent(index + 4, 'ada', { text: `hay ${index + 4}` }));
  await stage.append(...many);
  stage.lagging.advance();
  await stage.fed();
  await stage.append(...many.slice(-100).map((_, index) => deleted(154 + index)));
  await stage.fed();
  const found = await messages.search([groupId], 'hay', undefined, 20);
  expect(found.map(({ seq }) => seq)).toEqual(Array.from({ length: 20 }, (_, index) => 153 - index));
  await expect(messages.search([groupId], 'hay', undefined, 2)).rejects.toThrow(ReadModelsUnavailable);
});

test('rows of messages that nothing has touched are read once, and nothing else is asked', async () => {
  expect(texts(await messages.timelinePage(groupId, page))).toEqual(['message 1', 'two words', 'three words']);
  expect(logReads).toBe(0);
});
