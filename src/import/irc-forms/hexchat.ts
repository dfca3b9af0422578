import { action, type IrcLine, notice, type ReadLine, readSpeech } from '../irc-line.ts';
import { readMarkedDay, readStamp } from '../irc-stamp.ts';
import { type EventWords, neither, readEvent, readNotice, withoutTime } from './common-lines.ts';

const toChannel = /^-([^\s/]{1,80})\/[#&!+]\S*-\t(.*)$/s;
const words: EventWords = {
  joined: /^(\S{1,80}) \(\S*@\S*\) has joined(?: ([#&!+]\S*))?$/,
  left: /^(\S{1,80})(?: \(\S*@\S*\) has left(?: |$)| has quit \()/,
  kicked: /^\S{1,80} has kicked (\S{1,80}) from [#&!+]/,
  renamed: /^(\S{1,80}) is now known as (\S{1,80})$/,
};
/** The program's other sentences, and the server's: by their beginnings and by what follows a nick in them. */
const programs =
  /^(?:Now talking on |Topic for |Channel |Disconnected |Received a CTCP |You (?:have|are) |Connecting|Connected|Looking up |\S+ (?:sets (?:mode|ban|channel|exempt|invite)|removes (?:ban|channel|exempt|invite)|(?:gives|removes) (?:channel|half|voice)|has changed the topic))/;

/**
 * HexChat and XChat: a day without a year, which the lines that begin and end a log tell. What people do and what the server
 * tells look alike; only the words differ, and those are translated. So a sentence that no rule knows is an action of
 * somebody who speaks, comes or goes in the log, and nobody else's.
 */
export function readHexChatLine(text: string): ReadLine {
  if (text.startsWith('**** ')) {
    const day = readMarkedDay(text);
    return { line: notice, isOwn: day !== undefined, time: day && { kind: 'day', day } };
  }
  const stamped = readStamp(text);
  if (stamped === undefined) return withoutTime(text, 'HexChat');
  const { time, rest } = stamped;
  const body = rest.slice(1);
  if (body.startsWith('*\t')) return { line: readSentence(body.slice(2)), time, isOwn: true };
  const said = readNotice(toChannel, body);
  if (said !== undefined) return { line: said, time, isOwn: true };
  const tab = body.indexOf('>\t');
  const speech = tab < 0 ? undefined : readSpeech(`${body.slice(0, tab + 1)} ${body.slice(tab + 2)}`);
  return { line: speech ?? neither, time, isOwn: speech !== undefined };
}

function readSentence(text: string): IrcLine {
  const line = readEvent(words, text) ?? (programs.test(text) ? notice : undefined);
  if (line !== undefined) return line;
  const acted = action(text);
  return acted.kind === 'action' ? { kind: 'remark', text } : acted;
}
