import { expect, test } from 'vitest';
import { memberRows } from './everything-shown.ts';
import type { ReadModelsFixture } from './read-models-contract.ts';
import { History, momentAt } from './read-models-history.ts';

/** Marks, and who has read a message by when. */
export function readersContract(fixture: ReadModelsFixture): void {
  const readers = async (seq: number, at?: string, after?: string, limit = 99) =>
    (await fixture.readModels.readersPage({ groupId: 'g', seq }, at, after, limit)).map(({ userId }) => userId);
  const markOf = async (userId: string) => (await memberRows(fixture.readModels, 'g', userId))[0]?.markedUpTo;
  const group = (...userIds: string[]) => new History().create('g', 'Group', userIds);

  test('readers are told by user id in pages, with the moment of the first mark that reached the message', async () => {
    const { writer, readModels } = fixture;
    const history = group('ada', 'dan', 'bob', 'cyd')
      .send('g', 'ada', 'one')
      .send('g', 'ada', 'two')
      .mark('g', 'dan', 1);
    const byBob = await history.mark('g', 'bob', 2).apply(writer);
    const byDan = await history.mark('g', 'dan', 2).apply(writer);
    const key = { groupId: 'g', seq: 2 };
    const expected = [
      { userId: 'bob', readAt: momentAt(byBob) },
      { userId: 'dan', readAt: momentAt(byDan) },
    ];
    expect(await readModels.readersPage(key, undefined, undefined, 9)).toEqual(expected);
    expect(await readers(1, undefined, undefined, 1)).toEqual(['bob']);
    expect(await readers(1, undefined, 'bob', 1)).toEqual(['dan']);
    expect(await readers(1, undefined, 'dan', 1)).toEqual([]);
    expect(await readers(3)).toEqual([]);
  });

  test('an author is no reader of their own message, but sending has them read all before it', async () => {
    const { writer } = fixture;
    await group('ada', 'bob').send('g', 'ada', 'one').send('g', 'bob', 'two').apply(writer);
    expect(await markOf('bob')).toBe(2);
    expect(await readers(1)).toEqual(['bob']);
    expect(await readers(2)).toEqual([]);
  });

  test('readers at a moment are those who had read it by then', async () => {
    const { writer } = fixture;
    const history = group('ada', 'bob', 'cyd').send('g', 'ada', 'one').send('g', 'ada', 'two');
    const sent = await history.apply(writer);
    const byCyd = await history.mark('g', 'cyd', 1).apply(writer);
    const byBob = await history.mark('g', 'bob', 2).apply(writer);
    await history.mark('g', 'cyd', 2).apply(writer);
    expect(await readers(1, momentAt(sent))).toEqual([]);
    expect(await readers(1, momentAt(byCyd))).toEqual(['cyd']);
    expect(await readers(1, momentAt(byBob))).toEqual(['bob', 'cyd']);
    expect(await readers(2, momentAt(byBob))).toEqual(['bob']);
    expect(await readers(2)).toEqual(['bob', 'cyd']);
  });

  test('marks only move forward', async () => {
    const { writer } = fixture;
    const history = group('ada', 'bob').send('g', 'ada', 'one').send('g', 'ada', 'two').send('g', 'ada', 'three');
    await history.mark('g', 'bob', 2).mark('g', 'bob', 1).apply(writer);
    expect(await markOf('bob')).toBe(2);
    await history.mark('g', 'bob', 1).mark('g', 'bob', 2).apply(writer);
    expect(await markOf('bob')).toBe(2);
  });

  test('a mark after leaving counts nothing, nor does one of a stranger', async () => {
    const { writer } = fixture;
    const history = group('ada', 'bob').send('g', 'ada', 'one').leave('g', 'bob').mark('g', 'bob', 1);
    await history.mark('g', 'stranger', 1).apply(writer);
    expect(await markOf('bob')).toBe(0);
    expect(await markOf('stranger')).toBeUndefined();
    expect(await readers(1)).toEqual([]);
    await history.mark('g', 'bob', 1).apply(writer);
    expect(await readers(1)).toEqual([]);
  });

  test('a mark after leaving stays void when its batch is applied once more, after its reader has returned', async () => {
    const { writer } = fixture;
    const history = group('ada', 'bob').send('g', 'ada', 'one').leave('g', 'bob').mark('g', 'bob', 1);
    history.send('g', 'ada', 'two').join('g', 'bob').send('g', 'ada', 'three');
    const { changes, position } = history;
    for (let times = 0; times < 2; times += 1) {
      await writer.apply(changes, position);
      expect(await markOf('bob')).toBe(0);
      expect(await readers(1)).toEqual([]);
    }
  });

  test('who has read and left stays a reader', async () => {
    const { writer } = fixture;
    await group('ada', 'bob').send('g', 'ada', 'one').mark('g', 'bob', 1).leave('g', 'bob').apply(writer);
    expect(await readers(1)).toEqual(['bob']);
  });

  test('one who leaves and returns reads what was sent during each stay, and not between', async () => {
    const { writer } = fixture;
    const history = group('ada', 'bob').send('g', 'ada', 'one').leave('g', 'bob').send('g', 'ada', 'two');
    history.mark('g', 'bob', 2).join('g', 'bob').send('g', 'ada', 'three');
    await history.apply(writer);
    expect(await readers(1)).toEqual([]);
    await history.mark('g', 'bob', 3).apply(writer);
    expect([await readers(1), await readers(2), await readers(3)]).toEqual([['bob'], [], ['bob']]);
  });

  test('who joins later is in no older audience', async () => {
    const { writer } = fixture;
    await group('ada').send('g', 'ada', 'one').join('g', 'bob').mark('g', 'bob', 1).apply(writer);
    expect(await readers(1)).toEqual([]);
  });
}
