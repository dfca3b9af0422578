/** Letters, marks and digits of scripts that put spaces between words. */
const wordCharacter = String.raw`[[\p{L}\p{M}\p{N}]--[\p{scx=Han}\p{scx=Hira}\p{scx=Kana}\p{scx=Hang}\p{scx=Thai}\p{scx=Laoo}\p{scx=Khmr}\p{scx=Mymr}]]`;

/**
 * `@all` as a word of its own, whatever punctuation stands about it. Before it no word, as in an address of mail, and no
 * path; after it no more of a word or a name, and no host. Scripts without spaces may stand on either side.
 */
const mentionOfAll = new RegExp(
  String.raw`(?<!${wordCharacter}_*|[\/@＠])[@＠][aA][lL][lL](?![\-_]*${wordCharacter}|[@＠]|\.[a-z])`,
  'v',
);

/** Blocks between fences, the last one to the end where it is not closed (CommonMark 4.5), and spans of code (6.1). */
const fence = /^ {0,3}(`{3,}|~{3,})[^`\n]*\n(?:(?:[\s\S]*?\n)?? {0,3}\1[`~]*[ \t]*$|[\s\S]*)/gmu;
const span = /(?<![\\`])(`+)(?!`)[\s\S]*?(?<!`)\1(?!`)/gu;

/** True where the text mentions everybody in the audience. Code mentions nobody. */
export function mentionsEverybody(text: string): boolean {
  if (!mentionOfAll.test(text)) return false;
  return mentionOfAll.test(text.replace(fence, ' ').replace(span, ' '));
}
