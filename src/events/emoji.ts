/** The selectors that ask for a character's text or emoji form: most keyboards write the second one, and some neither. */
const presentation = /[\ufe0e\ufe0f]/gu;
/** What is an emoji only by the selector after it, unless the tone that follows makes it one. */
const textByDefault = /[\p{Emoji}--\p{Emoji_Presentation}](?!\p{Emoji_Modifier})/gv;
const recommended = /^\p{RGI_Emoji}$/v;

/**
 * An emoji in the one form that Unicode recommends for interchange (UTS 51, fully qualified): with the selector or without
 * it is the same emoji, and each skin tone is one of its own. What is no emoji stays as it is: logs hold anything.
 */
export function canonicalEmoji(emoji: string): string {
  const qualified = emoji.replace(presentation, '').replace(textByDefault, '$&\ufe0f');
  return isEmoji(qualified) ? qualified : emoji;
}

/** True of one emoji and nothing else, in its canonical form, as far as this Node's Unicode knows them. */
export const isEmoji = (text: string): boolean => recommended.test(text);
