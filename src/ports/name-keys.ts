import { foldText } from './search-words.ts';

/** A name is found from the beginning of its first words on, and by so many characters. */
const maximumWords = 8;
const maximumKeyLength = 64;

const word = /[\p{L}\p{M}\p{N}]+/gu;

/**
 * What a name is completed by: the rest of it from each of its words on, folded as the search folds. "Ada King" is found by
 * what `ada king` begins with, and `king`. A name without letters and digits is found by itself.
 */
export function nameKeys(name: string): readonly string[] {
  const words = wordsOf(name);
  if (words.length === 0) return [keyOf([foldText(name).trim()])];
  return [...new Set(words.slice(0, maximumWords).map((_, index) => keyOf(words.slice(index))))];
}

/** What the keys of the names begin with that somebody has begun to type. */
export function namePrefix(query: string): string {
  const words = wordsOf(query);
  return keyOf(words.length === 0 ? [foldText(query).trim()] : words);
}

/** The first of a name's keys that begins so, by which alone the name is listed; undefined where none does. */
export const firstNameKey = (name: string, prefix: string): string | undefined =>
  nameKeys(name)
    .filter((key) => key.startsWith(prefix))
    .sort()[0];

/** Every text that begins with the prefix sorts from the prefix on and before this, by code points. */
export const prefixEnd = (prefix: string): string => `${prefix}\u{10FFFF}`;

const wordsOf = (text: string): readonly string[] => foldText(text).match(word) ?? [];
/** A cut between the two halves of a character would leave half of one. */
const keyOf = (words: readonly string[]): string => words.join(' ').slice(0, maximumKeyLength).toWellFormed();
