/** One line of a channel's log. `minute` is the minute of the day (or half-day) that the line shows, if it shows any. */
export type IrcLine = { readonly minute?: number } & (
  | { readonly kind: 'message'; readonly nick: string; readonly text: string }
  /** `/me` text: the nick and what follows, still in one piece. See splitActor. */
  | { readonly kind: 'action'; readonly text: string }
  /** An action as older logs write it, unless nobody can have acted so. See splitActor. */
  | { readonly kind: 'remark'; readonly text: string }
  | { readonly kind: 'join'; readonly nick: string; readonly channel: string }
  | { readonly kind: 'leave'; readonly nick: string }
  | { readonly kind: 'kick'; readonly nick: string }
  | { readonly kind: 'rename'; readonly from: string; readonly to: string }
  /** The server's business: modes, topics, net splits, and blank lines. */
  | { readonly kind: 'notice' }
  | { readonly kind: 'unreadable'; readonly reason: string }
);

const timed = /^\[(\d\d):(\d\d)\] ?(.*)$/s;
const said = /^<([^>]+)> ?(.*)$/s;
const toChannel = /^-([^:\s]+):#[^\s-]\S*- (.*)$/s;
const relayed = /^\(([^/\s]+)\/#[^\s)]+\) (.*)$/s;
/** Nicks are short: the bound keeps a hostile line from being tried at each of its spaces. */
const joined = /^(.{1,80}?) +\[[^@]*@[^@]*\] +has joined (#\S+)\s*$/;
const left = /^(.{1,80}?) +\[[^@]*@\S*\] +has (?:left|quit)(?:\s|$)/;
const kicked = /^(.{1,80}?) +was kicked off #\S+ by \S/;
const renamed = /^(.{1,80}?) +is now known as (.+?)\s*$/;
const serverNotice =
  /^(?:mode\/#|net(?:joined|split): |\.*\[topic\/|Topic (?:\(|for #)|(?:Starting|Ending) logfile |\S+ changed the topic of #)/;

/** A nick is part of a user's id, so it must be as printable as ids are. */
const wellFormedNick = /^[^\s\p{C}<>]{1,60}$/u;

/**
 * Reads one line, without its end. Never throws: what no rule knows is `unreadable`. Host masks and the reasons of
 * leaving are dropped here and go no further.
 */
export function parseIrcLine(line: string): IrcLine {
  if (line.startsWith('===')) return parseServerLine(line);
  const match = timed.exec(line);
  if (match === null) return line.trim() === '' ? { kind: 'notice' } : unreadable('no line of an IRC log');
  const [, hours = '', minutes = '', rest = ''] = match;
  const minute = Number(hours) * 60 + Number(minutes);
  if (Number(hours) > 23 || Number(minutes) > 59) return unreadable(`no time of day: ${hours}:${minutes}`);
  return { minute, ...parseSpeech(rest) };
}

function parseSpeech(rest: string): IrcLine {
  const [, speaker, text = ''] = said.exec(rest) ?? toChannel.exec(rest) ?? relayed.exec(rest) ?? [];
  if (speaker !== undefined) {
    // Some clients show a speaker's rank before the nick. None of these characters can begin a nick.
    const nick = readNick(speaker.replace(/^[@+%~&]/, ''));
    return nick === undefined ? unreadable('no nick') : { kind: 'message', nick, text };
  }
  if (/^ ?\* \S/.test(rest)) return { kind: 'action', text: rest.slice(rest.indexOf('*') + 2) };
  return rest.startsWith('===') ? parseServerLine(rest) : unreadable('neither a message nor an action');
}

function parseServerLine(line: string): IrcLine {
  if (!line.startsWith('=== ')) return { kind: 'notice' };
  const text = line.slice(4);
  const [, joiner = '', channel = ''] = joined.exec(text) ?? [];
  const join = readNick(joiner);
  if (join !== undefined) return { kind: 'join', nick: join, channel };
  const leave = readNick(left.exec(text)?.[1]);
  if (leave !== undefined) return { kind: 'leave', nick: leave };
  const kick = readNick(kicked.exec(text)?.[1]);
  if (kick !== undefined) return { kind: 'kick', nick: kick };
  const rename = renamed.exec(text);
  const from = readNick(rename?.[1]);
  const to = readNick(rename?.[2]);
  if (from !== undefined && to !== undefined) return { kind: 'rename', from, to };
  return serverNotice.test(text) || text.trim() === '' ? { kind: 'notice' } : { kind: 'remark', text };
}

const unreadable = (reason: string): IrcLine => ({ kind: 'unreadable', reason });

/** These logs put a space after every closing bracket, within nicks too: `bur[n] er` is bur[n]er. */
export const withoutBracketSpaces = (text: string): string => text.replaceAll('] ', ']');

function readNick(text: string | undefined): string | undefined {
  const nick = withoutBracketSpaces(text ?? '').trimEnd();
  return wellFormedNick.test(nick) ? nick : undefined;
}

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
    const nick = readNick(written);
    if (written !== undefined && nick !== undefined && isKnown(nick)) {
      return { nick, text: text.slice(written.length).trimStart() };
    }
  }
  return undefined;
}
