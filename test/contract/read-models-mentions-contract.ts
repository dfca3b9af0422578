import { expect, test } from 'vitest';
import type { ReadModelsFixture } from './read-models-contract.ts';
import { History } from './read-models-history.ts';

/** Mentions that come by an edit. */
export function editedMentionsContract(fixture: ReadModelsFixture): void {
  test('an edit that mentions everybody does so from then on, once a message, and is not taken back', async () => {
    const { writer, readModels } = fixture;
    const history = new History().create('g', 'Group', ['ada', 'bob', 'cyd']).create('h', 'Other', ['ada', 'bob']);
    history
      .send('g', 'ada', 'one', { mentions: ['bob'] })
      .send('g', 'ada', 'two')
      .send('h', 'ada', 'three');
    await history.send('g', 'bob', 'four', { mentionsAll: true }).apply(writer);
    const first = await history.edit('g', 2, 'two @all', true).apply(writer);
    history.edit('g', 1, 'one @all', true).edit('g', 3, 'four', false).edit('g', 3, 'four @all', true);
    await history.edit('g', 2, 'two again @all', true).edit('h', 1, 'three').apply(writer);
    const of = async (userId: string, limit = 9, before?: number) =>
      (await readModels.mentionsPage(userId, before, limit)).map(({ message }) => message.text);
    expect(await of('bob')).toEqual(['two again @all', 'one @all']);
    expect(await of('cyd')).toEqual(['one @all', 'two again @all', 'four @all']);
    expect(await of('ada')).toEqual(['four @all']);
    expect((await readModels.mentionsPage('bob', undefined, 1))[0]?.position).toBe(first);
    expect(await of('cyd', 1)).toEqual(['one @all']);
    expect(await of('cyd', 9, first)).toEqual(['four @all']);
    const said = async () => (await readModels.messagesBySeq([{ groupId: 'g', seq: 3 }]))[0]?.mentionsAll;
    expect(await said()).toBe(true);
    await history.edit('g', 3, 'nobody').apply(writer);
    expect(await said()).toBe(false);
    expect(await of('cyd')).toEqual(['one @all', 'two again @all', 'nobody']);
    expect(await readModels.mentionCounts('cyd', [{ groupId: 'g', seq: 1 }], 9)).toEqual([{ groupId: 'g', count: 2 }]);
  });
}
