import { event, type IrcLine, notice, type ReadLine, readNick, renamed, unreadable } from '../irc-line.ts';

/** How a program tells who comes, goes and changes their nick: each with the nick first, and what else is wanted after it. */
export interface EventWords {
  /** The nick, and the channel where the program names it. */
  readonly joined: RegExp;
  readonly left: RegExp;
  readonly kicked: RegExp;
  /** The nick before, and the one since. */
  readonly renamed: RegExp;
}

/** Who joins, leaves, is kicked or changes their nick; undefined where the text tells nothing of that. */
export function readEvent(words: EventWords, text: string): IrcLine | undefined {
  const [, joiner, channel] = words.joined.exec(text) ?? [];
  if (joiner !== undefined) return event('join', joiner, channel);
  const leaver = words.left.exec(text)?.[1];
  if (leaver !== undefined) return event('leave', leaver);
  const kick = words.kicked.exec(text)?.[1];
  if (kick !== undefined) return event('kick', kick);
  const [, from, to] = words.renamed.exec(text) ?? [];
  return from === undefined ? undefined : renamed(from, to);
}

/** What is said to all of a channel in a client's notice, where `pattern` finds who says it and what. */
export function readNotice(pattern: RegExp, text: string): IrcLine | undefined {
  const [, speaker, said = ''] = pattern.exec(text) ?? [];
  const nick = readNick(speaker);
  return nick === undefined ? undefined : { kind: 'message', nick, text: said };
}

/** A line without the time that all but a program's own markers have. */
export const withoutTime = (text: string, title: string): ReadLine => ({
  line: text.trim() === '' ? notice : unreadable(`no line of ${title}’s`),
});

export const neither: IrcLine = unreadable('neither a message nor an action');
