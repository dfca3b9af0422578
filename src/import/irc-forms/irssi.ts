import { action, notice, type ReadLine, readSpeech, unreadable } from '../irc-line.ts';
import { readMarkedDay, readStamp } from '../irc-stamp.ts';
import { type EventWords, neither, readEvent, readNotice, withoutTime } from './common-lines.ts';

const marker = /^--- (?:Log opened|Log closed|Day changed) /;
const toChannel = /^-([^:\s]{1,80}):[#&!+]\S*- (.*)$/s;
const words: EventWords = {
  joined: /^(\S{1,80}) \[\S*@\S*\] has joined ([#&!+]\S*)/,
  left: /^(\S{1,80}) \[\S*@\S*\] has (?:left|quit)(?: |$)/,
  kicked: /^(\S{1,80}) was kicked from [#&!+]\S* by \S/,
  renamed: /^(\S{1,80}) is now known as (\S{1,80})$/,
};

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
  if (stamped === undefined) return withoutTime(text, 'irssi');
  const { time, rest } = stamped;
  if (rest.startsWith(' -!- ')) {
    return { line: readEvent(words, rest.slice(5)) ?? notice, time, isOwn: true };
  }
  if (rest.startsWith('  * ')) return { line: action(rest.slice(4)), time, isOwn: true };
  const body = rest.slice(1);
  if (/^<[ @+%~&!]/.test(body)) return { line: readSpeech(body) ?? unreadable('no nick'), time, isOwn: true };
  return { line: readNotice(toChannel, body) ?? neither, time };
}
