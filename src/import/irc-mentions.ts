import { limits } from '../commands/limits.ts';
import { withoutBracketSpaces } from './irc-line.ts';

/** `nick: `, `nick, ` or `nick:text`, but no address of the web. What follows may begin with another nick. */
const addressed = /^([^\s:,<>]+)\s?(?::(?!\/\/)|,)\s*/;
const atSign = /(?:^|[\s(])@([\p{L}\p{N}_\-[\]\\`^{}|]+)/gu;

/**
 * Whom a message mentions: those whom its beginning addresses, and those named after an @ anywhere. Only who is there
 * under that nick, each once, and never the author.
 */
export function findMentions(
  text: string,
  authorId: string,
  holder: (nick: string) => string | undefined,
): readonly string[] {
  const found = new Set<string>();
  let rest = withoutBracketSpaces(text);
  for (let match = addressed.exec(rest); match !== null; match = addressed.exec(rest)) {
    const userId = holder(match[1] ?? '');
    if (userId === undefined) break;
    found.add(userId);
    rest = rest.slice(match[0].length);
  }
  if (text.includes('@')) {
    for (const [, nick = ''] of text.matchAll(atSign)) {
      const userId = holder(nick);
      if (userId !== undefined) found.add(userId);
    }
  }
  found.delete(authorId);
  return [...found].slice(0, limits.mentionsPerMessage);
}
