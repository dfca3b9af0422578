import { expect, test } from 'vitest';
import { hashSent, hashText } from '../../src/events/text-hash.ts';
import type { MessageRow } from '../../src/ports/rows.ts';
import type { ReadModelsFixture } from './read-models-contract.ts';
import { History, momentAt } from './read-models-history.ts';

const seqs = (rows: readonly MessageRow[]): number[] => rows.map(({ seq }) => seq);

/** Timelines, reactions, mentions and the search. */
export function messagesContract(fixture: ReadModelsFixture): void {
  timelineContract(fixture);
  reactionsContract(fixture);
  mentionsContract(fixture);
  searchContract(fixture);
}

function timelineContract(fixture: ReadModelsFixture): void {
  test('a message is read back as it was sent', async () => {
    const { writer, readModels } = fixture;
    const history = new History().create('g', 'Group', ['ada', 'bob', 'cyd']).send('g', 'ada', 'one');
    const text = 'two\n"quoted" 👩‍👩‍👧 \u0000 हिन्दी';
    const content = { messageId: 'chosen', replyTo: 'g-1', mentions: ['bob', 'ada'], mentionsAll: true };
    const sentPosition = await history.send('g', 'ada', text, content).apply(writer);
    const row = { ...content, groupId: 'g', seq: 2, authorId: 'ada', text, audienceCount: 2, sentPosition };
    const expected = [{ ...row, sentAt: momentAt(sentPosition), editedAt: null, deletedAt: null, sentHash: null }];
    expect(await readModels.messages('g', ['chosen', 'unknown'])).toEqual(expected);
    expect(await readModels.timelinePage('g', { fromSeq: 2, toSeq: 2, limit: 1, last: false })).toEqual(expected);
    await history.edit('g', 2, 'three').apply(writer);
    const sentHash = hashSent({ textHash: hashText(text), ...content });
    expect(await readModels.messages('g', ['chosen'])).toMatchObject([{ text: 'three', sentPosition, sentHash }]);
    await history.delete('g', 2).apply(writer);
    expect(await readModels.messages('g', ['chosen'])).toMatchObject([{ text: null, sentHash }]);
  });

  test('a timeline page takes the lowest or the highest messages of a range, ascending', async () => {
    const { writer, readModels } = fixture;
    const history = new History().create('g', 'Group', ['ada']).create('h', 'Other', ['ada']);
    for (let seq = 1; seq <= 10; seq += 1) history.send('g', 'ada', `${seq}`).send('h', 'ada', `other ${seq}`);
    await history.apply(writer);
    const page = async (fromSeq: number, toSeq: number, limit: number, last: boolean) =>
      seqs(await readModels.timelinePage('g', { fromSeq, toSeq, limit, last }));
    expect(await page(3, 9, 3, false)).toEqual([3, 4, 5]);
    expect(await page(3, 9, 3, true)).toEqual([7, 8, 9]);
    expect(await page(0, Number.MAX_SAFE_INTEGER, 99, true)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(await page(8, 7, 3, false)).toEqual([]);
    expect(await page(11, 20, 3, false)).toEqual([]);
  });

  test('an edit changes the text, a deletion takes it away for good, and both say when', async () => {
    const { writer, readModels } = fixture;
    const history = new History().create('g', 'Group', ['ada']).send('g', 'ada', 'one').send('g', 'ada', 'two');
    const editedAt = momentAt(await history.edit('g', 1, 'edited').apply(writer));
    const deletedAt = momentAt(await history.delete('g', 2).apply(writer));
    const rows = await readModels.timelinePage('g', { fromSeq: 1, toSeq: 2, limit: 9, last: false });
    expect(rows).toMatchObject([
      { seq: 1, text: 'edited', editedAt, deletedAt: null },
      { seq: 2, text: null, editedAt: null, deletedAt },
    ]);
  });

  test('two groups may hold the same message id, and neither sees the other', async () => {
    const { writer, readModels } = fixture;
    const history = new History().create('g', 'Group', ['ada']).create('h', 'Other', ['ada']);
    history.send('g', 'ada', 'in g', { messageId: 'same' }).send('h', 'ada', 'in h', { messageId: 'same' });
    await history.edit('h', 1, 'edited in h').apply(writer);
    expect(await readModels.messages('g', ['same'])).toMatchObject([{ groupId: 'g', text: 'in g' }]);
    expect(await readModels.messages('h', ['same'])).toMatchObject([{ groupId: 'h', text: 'edited in h' }]);
  });
}

function reactionsContract(fixture: ReadModelsFixture): void {
  test('reactions are counted by emoji in the order in which each first stood there', async () => {
    const { writer, readModels } = fixture;
    const history = new History().create('g', 'Group', ['ada', 'bob', 'cyd']).send('g', 'ada', 'one');
    history.send('g', 'ada', 'two').react('g', 1, 'bob', '🎉').react('g', 1, 'ada', '👍').react('g', 1, 'bob', '👍');
    await history.react('g', 2, 'bob', '😀').react('g', 1, 'cyd', '🙈').unreact('g', 1, 'cyd', '🙈').apply(writer);
    const [first, second] = [
      { groupId: 'g', seq: 1 },
      { groupId: 'g', seq: 2 },
    ];
    expect(await readModels.reactionCounts([first, { groupId: 'unknown', seq: 1 }])).toEqual([
      { ...first, emoji: '🎉', count: 1 },
      { ...first, emoji: '👍', count: 2 },
    ]);
    expect(await readModels.reactionCounts([second])).toEqual([{ ...second, emoji: '😀', count: 1 }]);
    const rows = (await readModels.reactions([first, second])).map(
      ({ seq, emoji, userId }) => `${seq} ${emoji} ${userId}`,
    );
    expect(rows.sort()).toEqual(['1 🎉 bob', '1 👍 ada', '1 👍 bob', '2 😀 bob']);
  });

  test('a reaction that was taken back can be given again', async () => {
    const { writer, readModels } = fixture;
    const history = new History().create('g', 'Group', ['ada']).send('g', 'ada', 'one').react('g', 1, 'ada', '👍');
    await history.unreact('g', 1, 'ada', '👍').apply(writer);
    expect(await readModels.reactionCounts([{ groupId: 'g', seq: 1 }])).toEqual([]);
    await history.react('g', 1, 'ada', '👍').apply(writer);
    expect(await readModels.reactionCounts([{ groupId: 'g', seq: 1 }])).toMatchObject([{ emoji: '👍', count: 1 }]);
  });
}

function mentionsContract(fixture: ReadModelsFixture): void {
  test('mentions by name and with everybody come newest first, across groups and pages, each message once', async () => {
    const { writer, readModels } = fixture;
    const history = new History().create('g', 'Group', ['ada', 'bob']).create('h', 'Other', ['ada', 'bob']);
    history.send('g', 'bob', 'by name', { mentions: ['ada'] }).send('h', 'bob', 'all', { mentionsAll: true });
    history.send('g', 'bob', 'nobody').send('g', 'bob', 'both', { mentions: ['ada'], mentionsAll: true });
    const newest = await history.send('h', 'bob', 'last', { mentions: ['ada'] }).apply(writer);
    const first = await readModels.mentionsPage('ada', undefined, 3);
    expect(first.map(({ message }) => message.text)).toEqual(['last', 'both', 'all']);
    expect(first[0]?.position).toBe(newest);
    const second = await readModels.mentionsPage('ada', first[2]?.position, 3);
    expect(second.map(({ message }) => message.text)).toEqual(['by name']);
    expect(await readModels.mentionsPage('ada', second[0]?.position, 3)).toEqual([]);
  });

  test('a mention of everybody reaches those whose stay holds the message, and never its author', async () => {
    const { writer, readModels } = fixture;
    const history = new History().create('g', 'Group', ['ada', 'bob', 'cyd']);
    history.send('g', 'ada', 'first', { mentionsAll: true }).leave('g', 'bob').join('g', 'dan');
    history.send('g', 'ada', 'second', { mentionsAll: true }).join('g', 'bob');
    await history.send('g', 'cyd', 'third', { mentionsAll: true }).apply(writer);
    const of = async (userId: string) =>
      (await readModels.mentionsPage(userId, undefined, 9)).map(({ message }) => message.text);
    expect(await of('ada')).toEqual(['third']);
    expect(await of('bob')).toEqual(['third', 'first']);
    expect(await of('cyd')).toEqual(['second', 'first']);
    expect(await of('dan')).toEqual(['third', 'second']);
  });

  test('mentions in a group that was left are not shown until the return', async () => {
    const { writer, readModels } = fixture;
    const history = new History().create('g', 'Group', ['ada', 'bob']).send('g', 'ada', 'hey', { mentions: ['bob'] });
    await history.send('g', 'ada', 'all', { mentionsAll: true }).leave('g', 'bob').apply(writer);
    expect(await readModels.mentionsPage('bob', undefined, 9)).toEqual([]);
    await history.join('g', 'bob').apply(writer);
    expect(await readModels.mentionsPage('bob', undefined, 9)).toHaveLength(2);
  });
}

function searchContract(fixture: ReadModelsFixture): void {
  async function searching(texts: readonly string[]) {
    const history = new History().create('g', 'Group', ['ada']).create('h', 'Other', ['ada']);
    for (const text of texts) history.send('h', 'ada', text).send('g', 'ada', text).send('h', 'ada', text);
    await history.apply(fixture.writer);
    const found = async (text: string, before?: number, limit = 99) => {
      const [message] = await fixture.readModels.messages('g', [`g-${before}`]);
      return seqs(await fixture.readModels.search(['g'], text, message?.sentPosition, limit));
    };
    return { history, found };
  }

  test('a search finds whole words, all of them, in any order, newest first, in its group alone', async () => {
    const { found } = await searching(['the quick fox', 'a fox, quick!', 'quickly fox', 'only Fox-hounds']);
    expect(await found('fox quick')).toEqual([2, 1]);
    expect(await found('fox')).toEqual([4, 3, 2, 1]);
    expect(await found('fox', 4, 2)).toEqual([3, 2]);
    expect(await found('fox-hounds')).toEqual([4]);
    expect(await found('fo')).toEqual([]);
    expect(await found('fox wolf')).toEqual([]);
  });

  test('a search in several groups gives the newest of all of them, page after page, and nothing of others', async () => {
    const { writer, readModels } = fixture;
    const history = new History();
    const groupIds = Array.from({ length: 60 }, (_, index) => `g${index}`);
    for (const groupId of [...groupIds, 'other']) history.create(groupId, 'Group', ['ada']);
    // Turned round every other time, so that no order of groups is that of their messages.
    for (let round = 0; round < 4; round += 1) {
      const order = round % 2 === 0 ? groupIds : groupIds.toReversed();
      for (const groupId of order) history.send(groupId, 'ada', round === 2 ? 'noise' : `hay ${groupId}`);
      history.send('other', 'ada', 'hay');
    }
    await history.apply(writer);
    const asked = [...groupIds, 'unknown'];
    const all = await readModels.search(asked, 'hay', undefined, 999);
    expect(all).toHaveLength(180);
    expect(all).toEqual(all.toSorted((a, b) => b.sentPosition - a.sentPosition));
    expect(new Set(all.map(({ groupId }) => groupId))).toEqual(new Set(groupIds));
    const paged: MessageRow[] = [];
    for (let before: number | undefined; ; before = paged.at(-1)?.sentPosition) {
      const page = await readModels.search(asked, 'hay', before, 17);
      paged.push(...page);
      if (page.length < 17) break;
    }
    expect(paged).toEqual(all);
    expect(await readModels.search(['other', 'g3'], 'hay g3', undefined, 9)).toHaveLength(3);
    expect(await readModels.search([], 'hay', undefined, 9)).toEqual([]);
  });

  test('a search regards neither case nor accents, in any script', async () => {
    const { found } = await searching([
      'Un café crème',
      'un cafe\u0301 noir',
      'ΑΘΗΝΑ',
      'Ёлка',
      'हिन्दी',
      '東京',
      'Straße 7',
    ]);
    expect(await found('CAFE')).toEqual([2, 1]);
    expect(await found('Café Crème')).toEqual([1]);
    expect(await found('Αθήνα')).toEqual([3]);
    expect(await found('елка')).toEqual([4]);
    expect(await found('हिन्दी')).toEqual([5]);
    expect(await found('東京')).toEqual([6]);
    expect(await found('straße 7')).toEqual([7]);
  });

  test('whatever somebody types is words, never syntax, and no words find nothing', async () => {
    const { found } = await searching(['alpha OR beta', 'alpha', 'near and not']);
    expect(await found('alpha OR beta')).toEqual([1]);
    expect(await found('"alpha')).toEqual([2, 1]);
    expect(await found('alpha*')).toEqual([2, 1]);
    expect(await found("words:alpha) --'; (")).toEqual([]);
    expect(await found('NOT near AND')).toEqual([3]);
    for (const nothing of ['', '   ', '"*^:()-', '👍']) expect(await found(nothing)).toEqual([]);
    expect(await found('alpha '.repeat(5_000))).toEqual([2, 1]);
  });

  test('a search follows edits and forgets what was deleted', async () => {
    const { history, found } = await searching(['one apple', 'two apples', 'three apple']);
    await history.edit('g', 2, 'an apple').delete('g', 3).apply(fixture.writer);
    expect(await found('apple')).toEqual([2, 1]);
    expect(await found('apples')).toEqual([]);
    await history.edit('g', 2, 'a pear').edit('g', 2, 'a plum').apply(fixture.writer);
    expect(await found('apple')).toEqual([1]);
    expect(await found('pear')).toEqual([]);
    expect(await found('plum')).toEqual([2]);
  });
}
