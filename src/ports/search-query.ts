import { pairsOf, type SearchPiece, searchPieces } from './search-words.ts';

/** Of a longer search text, the first words count. */
const maximumSearchWords = 64;
/** A shorter beginning is a word: so many words begin with it that to look through them would take others' time. */
const shortestBeginning = 3;

/**
 * What somebody looks for. The words and beginnings find every message that holds it, and perhaps others: of two characters
 * that stand apart, or of a text of before. Which of them hold it is for `isIn` to say, the same for every store.
 */
export interface Search {
  /** The text's `searchWords` hold all of these. */
  readonly words: readonly string[];
  /** For each of these, the text's `searchWords` hold one that begins with it. Letters and digits only. */
  readonly beginnings: readonly string[];
  isIn(text: string): boolean;
}

/** Words that stand next to each other; a word by itself is a phrase of one. */
interface Phrase {
  readonly pieces: readonly SearchPiece[];
  /** True where the last word may go on. */
  readonly isOpen: boolean;
}

const quoted = /["“”„‟«»]([^"“”„‟«»]*)["“”„‟«»]/u;
const wordBeforeStar = /[\p{L}\p{M}\p{N}]\p{Default_Ignorable_Code_Point}*$/u;

/**
 * Reads a search text: every word is to be there, in any order; `"in quotes"` next to each other; `begin*` as the beginning
 * of a word. Whatever else is typed parts words, and is no syntax. Undefined where there is no word: that finds nothing.
 */
export function parseSearch(text: string): Search | undefined {
  // Split by a pattern with one group, every other part stood in quotes. A quote that is not closed is none.
  const phrases = text.split(quoted).flatMap((part, index) => (index % 2 === 1 ? phrase(part) : eachWord(part)));
  let count = 0;
  const first = phrases.filter(({ pieces }) => {
    count += pieces.length;
    return pieces.length > 0 && (count <= maximumSearchWords || count === pieces.length);
  });
  if (first.length === 0) return undefined;
  const words = new Set<string>();
  const beginnings = new Set<string>();
  for (const { pieces, isOpen } of first) {
    for (const [index, { text: piece, isRun }] of pieces.entries()) {
      const pairs = isRun ? pairsOf(piece) : [];
      for (const pair of pairs) words.add(pair);
      if (pairs.length === 0) (isOpen && index === pieces.length - 1 ? beginnings : words).add(piece);
    }
  }
  const wanted = [...new Set(first.map(asInPieces))];
  return {
    words: [...words].slice(0, maximumSearchWords),
    beginnings: [...beginnings].slice(0, maximumSearchWords),
    isIn(given) {
      const held = ` ${joined(searchPieces(given))} `;
      return wanted.every((one) => held.includes(one));
    },
  };
}

function phrase(part: string): Phrase {
  const pieces = searchPieces(part);
  return { pieces, isOpen: opens(pieces, part.endsWith('*') ? part.slice(0, -1) : '') };
}

function eachWord(part: string): readonly Phrase[] {
  const segments = part.split('*');
  return segments.flatMap((segment, index) => {
    const pieces = searchPieces(segment);
    const isOpen = index < segments.length - 1 && opens(pieces, segment);
    return pieces.map((piece, at) => ({ pieces: [piece], isOpen: isOpen && at === pieces.length - 1 }));
  });
}

/** True where a star after `before` stands at the end of a word that is long enough. */
function opens(pieces: readonly SearchPiece[], before: string): boolean {
  const last = pieces.at(-1);
  return last?.isRun === false && wordBeforeStar.test(before) && [...last.text].length >= shortestBeginning;
}

const joined = (pieces: readonly SearchPiece[]): string => pieces.map(({ text }) => text).join(' ');

/** How a text's pieces, joined by spaces and between two, hold the phrase. A run may go on at either end. */
function asInPieces({ pieces, isOpen }: Phrase): string {
  const before = pieces[0]?.isRun ? '' : ' ';
  const after = isOpen || pieces.at(-1)?.isRun ? '' : ' ';
  return `${before}${joined(pieces)}${after}`;
}
