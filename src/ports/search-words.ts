/** Of a longer search text, the first words count. */
export const maximumSearchWords = 64;

const word = /[\p{L}\p{M}\p{N}]+/gu;
const accents = /[\u0300-\u036f]/g;
// Most text needs no normalisation, and this is looked at for every message.
// biome-ignore lint/suspicious/noControlCharactersInRegex: the range is the whole of ASCII.
const isAscii = /^[\x00-\x7f]*$/;

/** Lower case, with compatible forms made one (NFKD) and accents taken off: what differs in nothing else is the same. */
export function foldText(text: string): string {
  const lowered = text.toLowerCase();
  return isAscii.test(lowered) ? lowered : lowered.normalize('NFKD').replace(accents, '');
}

/**
 * The words by which messages are found: runs of letters, their marks and digits, folded. Whatever indexes words and whatever looks for them goes through here, so that every
 * store finds the same messages.
 */
export function searchWords(text: string): readonly string[] {
  return foldText(text).match(word) ?? [];
}
