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

const marker = /^--- (?:Log opened|Log closed|Day changed) /;
const toChannel = /^-([^:\s]{1,80}):[#&!+]\S*- (.*)$/s;
const joined = /^(\S{1,80}) \[\S*@\S*\] has joined ([#&!+]\S*)/;
const left = /^(\S{1,80}) \[\S*@\S*\] has (?:left|quit)(?: |$)/;
const kicked = /^(\S{1,80}) was kicked from [#&!+]\S* by \S/;
const nickChanged = /^(\S{1,80}) is now known as (\S{1,80})$/;

/**
 * irssi: one file for ever, unless told otherwise. Days are told by lines of their own. A rank or a space stands before every
 * speaker's nick, and two spaces and a star before an action.
 */
export function readIrssiLine(text: string): ReadLine {
  if (marker.test(text)) {
    const day = readMarkedDay(text);
    return { line: notice, isOwn: true, time: day && { kind: 'day', day } };
  }
  const stamped = readStamp(text);
  if (stamped === undefined) return { line: text.trim() === '' ? notice : unreadable('no line of irssi’s') };
  const { time, rest } = stamped;
  if (rest.startsWith(' -!- ')) return { line: readServerLine(rest.slice(5)), time, isOwn: true };
  if (rest.startsWith('  * ')) return { line: action(rest.slice(4)), time, isOwn: true };
  const body = rest.slice(1);
  if (/^<[ @+%~&!]/.test(body)) return { line: readSpeech(body) ?? unreadable('no nick'), time, isOwn: true };
  const [, speaker, said = ''] = toChannel.exec(body) ?? [];
  const nick = readNick(speaker);
  if (nick !== undefined) return { line: { kind: 'message', nick, text: said }, time };
  return { line: unreadable('neither a message nor an action'), time };
}

function readServerLine(text: string): IrcLine {
  const [, joiner, channel] = joined.exec(text) ?? [];
  if (joiner !== undefined) return event('join', joiner, channel);
  const leaver = left.exec(text)?.[1];
  if (leaver !== undefined) return event('leave', leaver);
  const kick = kicked.exec(text)?.[1];
  if (kick !== undefined) return event('kick', kick);
  const [, from, to] = nickChanged.exec(text) ?? [];
  return from === undefined ? notice : renamed(from, to);
}
