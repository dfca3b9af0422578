import type { LineTime } from './irc-stamp.ts';

/** What one line of a channel's log says, whichever program wrote it. */
export type IrcLine =
  | { readonly kind: 'message'; readonly nick: string; readonly text: string }
  /** `/me` text: the nick and what follows, still in one piece. See splitActor. */
  | { readonly kind: 'action'; readonly text: string }
  /** What may be an action and may be the server's: it is one where it begins with somebody who is known. */
  | { readonly kind: 'remark'; readonly text: string; readonly isByAnybody?: boolean }
  | { readonly kind: 'join'; readonly nick: string; readonly channel?: string | undefined }
  | { readonly kind: 'leave'; readonly nick: string }
  | { readonly kind: 'kick'; readonly nick: string }
  | { readonly kind: 'rename'; readonly from: string; readonly to: string }
  /** The line before was said so many more times. `of` is that line, once the file has been read. */
  | { readonly kind: 'repeated'; readonly times: number; readonly of?: SpokenLine | undefined }
  /** The server's business: modes, topics, net splits, and blank lines. */
  | { readonly kind: 'notice' }
  | { readonly kind: 'unreadable'; readonly reason: string };

/** What somebody said or did. */
export type SpokenLine = Extract<IrcLine, { readonly kind: 'message' | 'action' }>;

/** A line as its program's form is read. */
export interface ReadLine {
  readonly line: IrcLine;
  readonly time?: LineTime | undefined;
  /** True where no other program writes such a line. */
  readonly isOwn?: boolean;
}

export const notice: IrcLine = { kind: 'notice' };
export const unreadable = (reason: string): IrcLine => ({ kind: 'unreadable', reason });

/** A nick is part of a user's id, so it must be as printable as ids are. */
const wellFormedNick = /^[^\s\p{C}<>]{1,60}$/u;

/** Some programs show a speaker's rank before the nick. None of these characters can begin a nick. */
const rank = /^[@+%~&!]/;

/** Undefined where the text is no nick. */
export function readNick(text: string | undefined): string | undefined {
  const nick = (text ?? '').replace(rank, '');
  return wellFormedNick.test(nick) ? nick : undefined;
}

/** `<nick> text`, which nearly all programs write so; undefined where it is something else. */
export function readSpeech(rest: string): IrcLine | undefined {
  const [, speaker, text = ''] = said.exec(rest) ?? [];
  const nick = readNick(speaker?.trim());
  if (speaker === undefined) return undefined;
  return nick === undefined ? unreadable('no nick') : { kind: 'message', nick, text };
}

const said = /^<([^>]{1,80})>(?: (.*)|$)/s;

/** Who joins, leaves or is kicked, where there is a nick; otherwise the line cannot be read. */
export function event(kind: 'join' | 'leave' | 'kick', written: string | undefined, channel?: string): IrcLine {
  const nick = readNick(written);
  if (nick === undefined) return unreadable('no nick');
  return kind === 'join' ? { kind, nick, channel } : { kind, nick };
}

export function renamed(written: string | undefined, next: string | undefined): IrcLine {
  const [from, to] = [readNick(written), readNick(next)];
  return from === undefined || to === undefined ? unreadable('no nick') : { kind: 'rename', from, to };
}

/** `nick (user@host)` and the like: what follows is never what somebody says, even in words that no rule knows. */
const masked = /^\S{1,80} ?[([<][^\s@]{1,80}@[^\s)\]>]{1,255}[)\]>]/;

/** An action, unless it names a host: then it is the server's, in words that are not known here. */
export function action(text: string): IrcLine {
  return masked.test(text) ? unreadable('words of the program that are not known') : { kind: 'action', text };
}

const codes = { colour: 0x03, hexColour: 0x04 } as const;
/** Bold, plain, fixed width, reverse, italics, struck out, underlined. */
const plainCodes: ReadonlySet<number> = new Set([0x02, 0x0f, 0x11, 0x16, 0x1d, 0x1e, 0x1f]);
const afterControl = /\p{Cc}[\da-f,]{0,6}/giu;

/** Without bold, colours and the like, which some programs keep and others drop. */
export function withoutFormatting(text: string): string {
  return text.replace(afterControl, (match) => {
    const code = match.charCodeAt(0);
    const rest = match.slice(1);
    if (code === codes.colour) return rest.replace(/^\d{1,2}(?:,\d{1,2})?/, '');
    if (code === codes.hexColour) return rest.replace(/^[\da-f]{6}/i, '');
    return plainCodes.has(code) ? rest : match;
  });
}

/** These logs put a space after every closing bracket, within nicks too: `bur[n] er` is bur[n]er. */
export const withoutBracketSpaces = (text: string): string => text.replaceAll('] ', ']');

/** What IRC itself allows as a nick: nearly no word that a server would begin a line with is one by mistake. */
const strictNick = /^[a-z_[\]\\^{}|`][\w[\]\\^{}|`-]*$/i;

export const isIrcNick = (nick: string): boolean => strictNick.test(nick);

/** The longest nick that the text may begin with: it goes on over the one space that follows a closing bracket. */
const longestNick = /^\S+(?:(?<=\]) \S+)*/;

/**
 * Takes an action apart into who acts and what they do. Of the nicks that the text may begin with it takes one that is
 * known; undefined where none is.
 */
export function splitActor(
  text: string,
  isKnown: (nick: string) => boolean,
): { readonly nick: string; readonly text: string } | undefined {
  for (const pattern of [longestNick, /^\S+/]) {
    const [written] = pattern.exec(text) ?? [];
    const nick = readNick(withoutBracketSpaces(written ?? '').trimEnd());
    if (written !== undefined && nick !== undefined && isKnown(nick)) {
      return { nick, text: text.slice(written.length).trimStart() };
    }
  }
  return undefined;
}
