// Most text needs no folding, and this is looked at for every message.
// biome-ignore lint/suspicious/noControlCharactersInRegex: the range is the whole of ASCII.
const isAscii = /^[\x00-\x7f]*$/;

/** Combining marks that tell how a letter is spoken or written, and make no other letter of it. */
const accentRanges = {
  any: String.raw`\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f`,
  cyrillic: String.raw`\u0483-\u0489`,
  hebrew: String.raw`\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7`,
  arabic: String.raw`\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e8\u06ea-\u06ed\u08ca-\u08ff`,
};
const accents = new RegExp(`[${Object.values(accentRanges).join('')}]`, 'gu');
/** What stretches, joins or hides within a word, and is no part of it. */
const unseen = /[\p{Default_Ignorable_Code_Point}\u0640]/gu;

/** Letters that no normalisation takes apart, as they are written where there is no key for them. */
const plainLetters: Readonly<Record<string, string>> = {
  ...{ đ: 'd', ð: 'd', ħ: 'h', ł: 'l', ø: 'o', ŧ: 't', ƀ: 'b', ɨ: 'i', ǥ: 'g', ƶ: 'z', þ: 'th', æ: 'ae', œ: 'oe' },
  // The same letter under another final form or another key: Greek, Persian and Arabic.
  ...{ ς: 'σ', ی: 'ي', ى: 'ي', ک: 'ك' },
};
const unplain = new RegExp(`[${Object.keys(plainLetters).join('')}]`, 'gu');

/**
 * A text in which what differs only in case, accents, compatible forms (NFKC) or characters that cannot be seen is the same.
 * Vowel signs stay where they are part of the letters, as in Devanagari or Thai.
 */
export function foldText(text: string): string {
  if (isAscii.test(text)) return text.toLowerCase();
  const bare = text.normalize('NFKD').replace(accents, '').replace(unseen, '');
  // Through capitals, so that letters with one capital are one: ß and ss, ı and i, ſ and s.
  const folded = bare.toLowerCase().toUpperCase().toLowerCase();
  return folded.replace(unplain, (letter) => plainLetters[letter] ?? letter).normalize('NFC');
}

/** One emoji, however many characters make it, as UTS 51 composes them; also of a Unicode that is yet to come. */
const emoji =
  /(\p{Regional_Indicator}{2}|[0-9#*]\u20e3|\u{1f3f4}[\u{e0020}-\u{e007e}]+\u{e007f}|\p{Extended_Pictographic}\p{Emoji_Modifier}?(?:\u200d\p{Extended_Pictographic}\p{Emoji_Modifier}?)*)/u;
const emojiBegins = /\p{Regional_Indicator}|\p{Extended_Pictographic}|\u20e3/u;
const presentation = /[\ufe0e\ufe0f]/gu;
const tone = /\p{Emoji_Modifier}/gu;

const word = /[\p{L}\p{N}][\p{L}\p{M}\p{N}]*/gu;
/** Where scripts stand that put no spaces between words, and Korean, whose words grow endings. Blocks never move. */
const unspacedRanges = {
  thaiAndLao: String.raw`\u0e00-\u0eff`,
  myanmar: String.raw`\u1000-\u109f\ua9e0-\ua9ff\uaa60-\uaa7f`,
  khmer: String.raw`\u1780-\u17ff`,
  korean: String.raw`\u1100-\u11ff\u3130-\u318f\ua960-\ua97f\uac00-\ud7ff`,
  japanese: String.raw`\u3040-\u30ff\u31f0-\u31ff\u{1b000}-\u{1b16f}`,
  chinese: String.raw`\u2e80-\u303f\u3100-\u312f\u31a0-\u31bf\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u{20000}-\u{3ffff}`,
};
const unspaced = Object.values(unspacedRanges).join('');
const hasRun = new RegExp(`[${unspaced}]`, 'u');
const runOrRest = new RegExp(`[${unspaced}]+|[^${unspaced}]+`, 'gu');

/** A piece of a text that can be looked for. */
export interface SearchPiece {
  readonly text: string;
  /** True of letters of a script without spaces: what is inside is found. Anything else is found as a whole. */
  readonly isRun: boolean;
}

/**
 * The text's pieces in its order: words (runs of letters, their marks and digits), runs of scripts without spaces, and emoji,
 * whose skin tones are left out. Folded, so that every store finds the same messages.
 */
export function searchPieces(text: string): readonly SearchPiece[] {
  const plain = isAscii.test(text) ? text : text.replace(presentation, '');
  if (!emojiBegins.test(plain)) return lettersOf(plain);
  // Split by a pattern with one group, every other part is what the pattern has found.
  return plain
    .split(emoji)
    .flatMap((part, index) => (index % 2 === 1 ? [{ text: part.replace(tone, ''), isRun: false }] : lettersOf(part)));
}

function lettersOf(text: string): SearchPiece[] {
  const found: SearchPiece[] = [];
  for (const letters of wordsIn(text)) {
    if (!hasRun.test(letters)) found.push({ text: letters, isRun: false });
    else for (const piece of letters.match(runOrRest) ?? []) found.push({ text: piece, isRun: hasRun.test(piece) });
  }
  return found;
}

const wordsIn = (text: string): readonly string[] => foldText(text).match(word) ?? [];

/** Overlapping pairs of a run's characters: whatever is inside it, of two characters or more, is made of them. */
export function pairsOf(run: string): readonly string[] {
  const pairs: string[] = [];
  let before = '';
  for (const character of run) {
    if (before !== '') pairs.push(before + character);
    before = character;
  }
  return pairs;
}

/**
 * The words under which stores keep a text: of a run its characters and their pairs. Pairs and not the words of a dictionary,
 * which another version of ICU divides otherwise.
 */
export function searchWords(text: string): readonly string[] {
  if (isAscii.test(text)) return wordsIn(text);
  const words = new Set<string>();
  for (const { text: piece, isRun } of searchPieces(text)) {
    if (!isRun) words.add(piece);
    else for (const part of [...piece, ...pairsOf(piece)]) words.add(part);
  }
  return [...words];
}
