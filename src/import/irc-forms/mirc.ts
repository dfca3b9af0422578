import {
  action,
  event,
  type IrcLine,
  notice,
  type ReadLine,
  readNick,
  readSpeech,
  renamed,
  unreadable,
} from '../irc-line.ts';
import { readMarkedDay, readStamp } from '../irc-stamp.ts';

const session = /^Session (?:Start|Close|Ident|Time): /;
const toChannel = /^-([^\s-][^\s]{0,79}?)- (.*)$/s;
const joined = /^(\S{1,80}) \(\S*@\S*\) has joined ([#&!+]\S*)/;
const left = /^(\S{1,80}) \(\S*@\S*\) (?:has left|Quit)(?: |$)/;
const kicked = /^(\S{1,80}) was kicked by \S/;
const nickChanged = /^(\S{1,80}) is now known as (\S{1,80})$/;
const programs =
  /^(?:Now talking in |Topic is |Set by |Disconnected|Attempting to rejoin|Rejoined channel|\S+ (?:sets mode: |changes topic to |set the topic))/;

/** mIRC: what people do and what the server tells begin with the same star; only the words differ. */
export function readMircLine(text: string): ReadLine {
  if (session.test(text)) {
    // A session's end is told with the time of its beginning by some versions.
    const day = text.startsWith('Session Close') ? undefined : readMarkedDay(text);
    return { line: notice, isOwn: true, time: day && { kind: 'day', day } };
  }
  const stamped = readStamp(text);
  if (stamped === undefined || !stamped.rest.startsWith(' ')) {
    return { line: text.trim() === '' ? notice : unreadable('no line of mIRC’s') };
  }
  const { time } = stamped;
  const rest = stamped.rest.slice(1);
  if (rest.startsWith('* ')) return { ...readSentence(rest.slice(2)), time };
  const speech = readSpeech(rest);
  if (speech !== undefined) return { line: speech, time };
  const [, speaker, said = ''] = toChannel.exec(rest) ?? [];
  const nick = readNick(speaker);
  if (nick !== undefined) return { line: { kind: 'message', nick, text: said }, time };
  return { line: unreadable('neither a message nor an action'), time };
}

function readSentence(text: string): ReadLine {
  const own = (line: IrcLine): ReadLine => ({ line, isOwn: true });
  const [, joiner, channel] = joined.exec(text) ?? [];
  if (joiner !== undefined) return own(event('join', joiner, channel));
  const leaver = left.exec(text)?.[1];
  if (leaver !== undefined) return own(event('leave', leaver));
  const kick = kicked.exec(text)?.[1];
  if (kick !== undefined) return own(event('kick', kick));
  const [, from, to] = nickChanged.exec(text) ?? [];
  if (from !== undefined) return own(renamed(from, to));
  return programs.test(text) ? own(notice) : { line: action(text) };
}
