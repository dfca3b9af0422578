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

const toChannel = /^-([^:\s]{1,80}):[#&!+]\S*- (.*)$/s;
const joined = /^(\S{1,80}) (?:\(\S*@\S*\) )?(?:joined|returned to) ([#&!+]\S*)\.$/;
const left = /^(\S{1,80}) \(\S*@\S*\) (?:left [#&!+]\S*|left irc: |got netsplit\.)/;
const kicked = /^(\S{1,80}) kicked from [#&!+]\S* by \S/;
const nickChanged = /^Nick change: (\S{1,80}) -> (\S{1,80})$/;
const repeated = /^Last message repeated (\d{1,4}) time\(s\)\.$/;

/**
 * Eggdrop: a file a day, which by default begins at three in the morning; a line tells midnight. Who is cut off by a net split
 * leaves and returns. Whatever else it writes is its own business.
 */
export function readEggdropLine(text: string): ReadLine {
  const stamped = readStamp(text);
  if (stamped === undefined || !stamped.rest.startsWith(' ')) {
    return { line: text.trim() === '' ? notice : unreadable('no line of Eggdrop’s') };
  }
  const { time } = stamped;
  const rest = stamped.rest.slice(1);
  if (rest.startsWith('--- ')) {
    const day = readMarkedDay(rest);
    return { line: notice, isOwn: day !== undefined, time: day && { kind: 'day', day } };
  }
  const speech = readSpeech(rest);
  if (speech !== undefined) return { line: speech, time };
  if (rest.startsWith('Action: ')) return { line: action(rest.slice(8)), time, isOwn: true };
  const [, speaker, said = ''] = toChannel.exec(rest) ?? [];
  const nick = readNick(speaker);
  if (nick !== undefined) return { line: { kind: 'message', nick, text: said }, time, isOwn: true };
  const [, times] = repeated.exec(rest) ?? [];
  if (times !== undefined) return { line: { kind: 'repeated', times: Number(times) }, time, isOwn: true };
  return { ...readEvent(rest), time };
}

function readEvent(text: string): ReadLine {
  const own = (line: IrcLine): ReadLine => ({ line, isOwn: true });
  const [, joiner, channel] = joined.exec(text) ?? [];
  if (joiner !== undefined) return own(event('join', joiner, channel));
  const leaver = left.exec(text)?.[1];
  if (leaver !== undefined) return own(event('leave', leaver));
  const kick = kicked.exec(text)?.[1];
  if (kick !== undefined) return own(event('kick', kick));
  const [, from, to] = nickChanged.exec(text) ?? [];
  if (from !== undefined) return own(renamed(from, to));
  return isPrograms.test(text) ? own(notice) : { line: notice };
}

const isPrograms = /^(?:[#&!+]\S*: mode change |Topic changed on |CTCP |(?:JOIN|NICK|PART) flood )/;
