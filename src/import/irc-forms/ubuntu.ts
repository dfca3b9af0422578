import { type IrcLine, notice, type ReadLine, readNick, unreadable, withoutBracketSpaces } from '../irc-line.ts';

const timed = /^\[(\d\d):(\d\d)\] ?(.*)$/s;
const said = /^<([^>]+)> ?(.*)$/s;
const toChannel = /^-([^:\s]+):#[^\s-]\S*- (.*)$/s;
const relayed = /^\(([^/\s]+)\/#[^\s)]+\) (.*)$/s;
/** Nicks are short: the bound keeps a hostile line from being tried at each of its spaces. */
const joined = /^(.{1,80}?) +\[[^@]*@[^@]*\] +has joined (#\S+)\s*$/;
const left = /^(.{1,80}?) +\[[^@]*@\S*\] +has (?:left|quit)(?:\s|$)/;
const kicked = /^(.{1,80}?) +was kicked off #\S+ by \S/;
const nickChanged = /^(.{1,80}?) +is now known as (.+?)\s*$/;
const serverNotice =
  /^(?:mode\/#|net(?:joined|split): |\.*\[topic\/|Topic (?:\(|for #)|(?:Starting|Ending) logfile |\S+ changed the topic of #)/;

/**
 * The logs of Ubuntu's channels, of 2004 to today. A space stands after every closing bracket, within nicks too. Joins,
 * leaves and the like have no time.
 */
export function readUbuntuLine(text: string): ReadLine {
  if (text.startsWith('===')) return { line: readServerLine(text), isOwn: true };
  const match = timed.exec(text);
  if (match === null) return { line: text.trim() === '' ? notice : unreadable('no line of an IRC log') };
  const [, hours = '', minutes = '', rest = ''] = match;
  if (Number(hours) > 23 || Number(minutes) > 59) return { line: unreadable(`no time of day: ${hours}:${minutes}`) };
  const time = { kind: 'wall', seconds: (Number(hours) * 60 + Number(minutes)) * 60 } as const;
  return { line: readTimedLine(rest), time, isOwn: rest.startsWith('===') };
}

function readTimedLine(rest: string): IrcLine {
  const [, speaker, text = ''] = said.exec(rest) ?? toChannel.exec(rest) ?? relayed.exec(rest) ?? [];
  if (speaker !== undefined) {
    const nick = nickOf(speaker);
    return nick === undefined ? unreadable('no nick') : { kind: 'message', nick, text };
  }
  if (/^ ?\* \S/.test(rest)) return { kind: 'action', text: rest.slice(rest.indexOf('*') + 2) };
  return rest.startsWith('===') ? readServerLine(rest) : unreadable('neither a message nor an action');
}

function readServerLine(line: string): IrcLine {
  if (!line.startsWith('=== ')) return notice;
  const text = line.slice(4);
  const [, joiner = '', channel = ''] = joined.exec(text) ?? [];
  const join = nickOf(joiner);
  if (join !== undefined) return { kind: 'join', nick: join, channel };
  const leave = nickOf(left.exec(text)?.[1]);
  if (leave !== undefined) return { kind: 'leave', nick: leave };
  const kick = nickOf(kicked.exec(text)?.[1]);
  if (kick !== undefined) return { kind: 'kick', nick: kick };
  const rename = nickChanged.exec(text);
  const from = nickOf(rename?.[1]);
  const to = nickOf(rename?.[2]);
  if (from !== undefined && to !== undefined) return { kind: 'rename', from, to };
  const isServers = serverNotice.test(text) || text.trim() === '';
  return isServers ? notice : { kind: 'remark', text, isByAnybody: true };
}

const nickOf = (text: string | undefined): string | undefined => readNick(withoutBracketSpaces(text ?? '').trimEnd());
