import { parse } from 'graphql';
import { expect, it } from 'vitest';
import { createDocumentCache } from '../../src/api/document-cache.ts';

const text = (name: string) => `{ ${name}: me { id } } # ${'x'.repeat(10_000)}`;

it('holds what fits, and lets go of what was not asked for longest', () => {
  const cache = createDocumentCache(75_000);
  const documents = new Map(['a', 'b', 'c', 'd'].map((name) => [text(name), parse(text(name))]));
  for (const name of ['a', 'b', 'c']) cache.set(text(name), documents.get(text(name)) ?? parse('{ x }'));
  expect(cache.get(text('a'))).toBe(documents.get(text('a')));
  cache.set(text('d'), documents.get(text('d')) ?? parse('{ x }'));
  expect(cache.get(text('b'))).toBeUndefined();
  for (const name of ['a', 'c', 'd']) expect(cache.get(text(name))).toBe(documents.get(text(name)));
});

it('counts a document that is put in again once, and takes none that is larger than all of it', () => {
  const cache = createDocumentCache(60_000);
  for (let times = 0; times < 10; times += 1) cache.set(text('a'), parse(text('a')));
  cache.set(text('b'), parse(text('b')));
  expect(cache.get(text('a'))).toBeDefined();
  const large = `{ me { id } } # ${'x'.repeat(40_000)}`;
  cache.set(large, parse(large));
  expect(cache.get(large)).toBeUndefined();
});
