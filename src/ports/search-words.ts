/** Of a longer search text, the first words count. */
export const maximumSearchWords = 64;

const word = /[\p{L}\p{M}\p{N}]+/gu;
const accents = /[\u0300-\u036f]/g;
// Most text needs no normalisation, and this is looked at for every message.
// biome-ignore lint/suspicious/noControlCharactersInRegex: the range is the whole of ASCII.
const isAscii = /^[\x00-\x7f]*$/;

/**
 * The words by which messages are found: runs of letters, their marks and digits, in lower case, compatible forms made
 * one (NFKD) and accents taken off. Whatever indexes words and whatever looks for them goes through here, so that every
 * store finds the same messages.
 */
export function searchWords(text: string): readonly string[] {
  const lowered = text.toLowerCase();
  const plain = isAscii.test(lowered) ? lowered : lowered.normalize('NFKD').replace(accents, '');
  return plain.match(word) ?? [];
}
