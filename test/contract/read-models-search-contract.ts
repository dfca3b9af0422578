import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseSearch } from '../../src/ports/search-query.ts';
import { assertAsyncProperty } from '../fakes/assert-property.ts';
import type { ReadModelsFixture } from './read-models-contract.ts';
import { History } from './read-models-history.ts';
import { searchCases } from './search-pairs.ts';

/** What is found, in any script, and that every store finds the same. */
export function searchTextsContract(fixture: ReadModelsFixture): void {
  async function sent(texts: readonly string[]) {
    const history = new History().create('g', 'Group', ['ada']);
    for (const text of texts) history.send('g', 'ada', text);
    await history.apply(fixture.writer);
    return async (query: string, limit = 999): Promise<readonly number[]> =>
      (await fixture.readModels.search(['g'], query, undefined, limit)).map(({ seq }) => seq);
  }

  test('of over 200 pairs of a text and a search each is found or not, as people who read the script expect', async () => {
    const pairs = searchCases.flatMap(([, finds, misses]) => [...finds, ...misses]);
    expect(pairs.length).toBeGreaterThan(200);
    const find = await sent(searchCases.map(([text]) => text));
    const wrong: string[] = [];
    for (const [index, [text, finds, misses]] of searchCases.entries()) {
      for (const query of finds)
        if (!(await find(query)).includes(index + 1)) wrong.push(`${text}: ${query} misses it`);
      for (const query of misses) if ((await find(query)).includes(index + 1)) wrong.push(`${text}: ${query} finds it`);
    }
    expect(wrong).toEqual([]);
  });

  test('whatever is written and whatever is looked for, what is found is what the rule says', async () => {
    const piece = fc.constantFrom(
      ...[
        'a',
        'b',
        'ab',
        'ß',
        'e\u0301',
        ' ',
        ' ',
        '"',
        '*',
        '-',
        '東',
        '京',
        'タ',
        '\u3099',
        'ก',
        '\u0e34',
        'क',
        '\u0940',
      ],
      ...[
        '👍',
        '\u{1f3fd}',
        '\u200d',
        '\ufe0f',
        '1',
        '\u20e3',
        '\u064e',
        'س',
        '서',
        '\u00ad',
        '\u0000',
        "'",
        '\\',
        '(',
        '#',
      ],
    );
    const text = fc.string({ unit: piece, minLength: 1, maxLength: 10 });
    const texts = fc.sample(text, { numRuns: 150, seed: 11 });
    const find = await sent(texts);
    await assertAsyncProperty(
      fc.asyncProperty(text, async (query) => {
        const search = parseSearch(query);
        const expected = texts.flatMap((own, index) => (search?.isIn(own) ? [index + 1] : [])).toReversed();
        expect(await find(query)).toEqual(expected);
        expect(await find(query, 2)).toEqual(expected.slice(0, 2));
      }),
    );
  });

  test('a phrase is found behind any number of messages with the same words elsewhere', async () => {
    const find = await sent(['the cat sat', ...Array.from({ length: 300 }, () => 'cat the sat')]);
    expect(await find('"the cat"', 1)).toEqual([1]);
    expect(await find('"the cat" sat', 20)).toEqual([1]);
  });
}
