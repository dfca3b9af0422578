import { action, notice, type ReadLine, readSpeech } from '../irc-line.ts';
import { readMarkedDay, readStamp } from '../irc-stamp.ts';
import { type EventWords, neither, readEvent, readNotice, withoutTime } from './common-lines.ts';

const session = /^Session (?:Start|Close|Ident|Time): /;
const toChannel = /^-([^\s-][^\s]{0,79}?)- (.*)$/s;
const words: EventWords = {
  joined: /^(\S{1,80}) \(\S*@\S*\) has joined ([#&!+]\S*)/,
  left: /^(\S{1,80}) \(\S*@\S*\) (?:has left|Quit)(?: |$)/,
  kicked: /^(\S{1,80}) was kicked by \S/,
  renamed: /^(\S{1,80}) is now known as (\S{1,80})$/,
};
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
  if (stamped === undefined || !stamped.rest.startsWith(' ')) return withoutTime(text, 'mIRC');
  const { time } = stamped;
  const rest = stamped.rest.slice(1);
  if (rest.startsWith('* ')) return { ...readSentence(rest.slice(2)), time };
  return { line: readSpeech(rest) ?? readNotice(toChannel, rest) ?? neither, time };
}

function readSentence(text: string): ReadLine {
  const line = readEvent(words, text) ?? (programs.test(text) ? notice : undefined);
  return line === undefined ? { line: action(text) } : { line, isOwn: true };
}
