import { action, notice, type ReadLine, readSpeech } from '../irc-line.ts';
import { readMarkedDay, readStamp } from '../irc-stamp.ts';
import { type EventWords, readEvent, readNotice, withoutTime } from './common-lines.ts';

const toChannel = /^-([^:\s]{1,80}):[#&!+]\S*- (.*)$/s;
const words: EventWords = {
  joined: /^(\S{1,80}) (?:\(\S*@\S*\) )?(?:joined|returned to) ([#&!+]\S*)\.$/,
  left: /^(\S{1,80}) \(\S*@\S*\) (?:left [#&!+]\S*|left irc: |got netsplit\.)/,
  kicked: /^(\S{1,80}) kicked from [#&!+]\S* by \S/,
  renamed: /^Nick change: (\S{1,80}) -> (\S{1,80})$/,
};
const programs = /^(?:[#&!+]\S*: mode change |Topic changed on |CTCP |(?:JOIN|NICK|PART) flood )/;
const repeated = /^Last message repeated (\d{1,4}) time\(s\)\.$/;

/**
 * Eggdrop: a file a day, which by default begins at three in the morning; a line tells midnight. Who is cut off by a net split
 * leaves and returns. Whatever else it writes is its own business.
 */
export function readEggdropLine(text: string): ReadLine {
  const stamped = readStamp(text);
  if (stamped === undefined || !stamped.rest.startsWith(' ')) return withoutTime(text, 'Eggdrop');
  const { time } = stamped;
  const rest = stamped.rest.slice(1);
  if (rest.startsWith('--- ')) {
    const day = readMarkedDay(rest);
    return { line: notice, isOwn: day !== undefined, time: day && { kind: 'day', day } };
  }
  const speech = readSpeech(rest);
  if (speech !== undefined) return { line: speech, time };
  if (rest.startsWith('Action: ')) return { line: action(rest.slice(8)), time, isOwn: true };
  const said = readNotice(toChannel, rest);
  if (said !== undefined) return { line: said, time, isOwn: true };
  const [, times] = repeated.exec(rest) ?? [];
  if (times !== undefined) return { line: { kind: 'repeated', times: Number(times) }, time, isOwn: true };
  const line = readEvent(words, rest);
  return { line: line ?? notice, time, isOwn: line !== undefined || programs.test(rest) };
}
