import { action, notice, type ReadLine, readSpeech } from '../irc-line.ts';
import { readStamp } from '../irc-stamp.ts';
import { type EventWords, neither, readEvent, readNotice, withoutTime } from './common-lines.ts';

/** `-nick- text` */
const toChannel = /^-([^\s-][^\s]{0,79}?)- (.*)$/s;

const mask = String.raw`(?:\(\S*@\S*\)|<\S*!\S*@\S*>)`;

/** The words of the programs that put three stars before everything that is the server's. */
interface Words extends EventWords {
  /** What follows the stamp, before the rest. */
  readonly gap: string;
  readonly title: string;
}

const kicked = /^(\S{1,80}) was kicked by \S/;

const znc: Words = {
  title: 'ZNC',
  gap: ' ',
  joined: new RegExp(`^Joins: (\\S{1,80}) ${mask}`),
  left: new RegExp(`^(?:Parts|Quits): (\\S{1,80}) ${mask}`),
  kicked,
  renamed: /^(\S{1,80}) is now known as (\S{1,80})$/,
};

const limnoria: Words = {
  title: 'Limnoria',
  gap: '  ',
  joined: new RegExp(`^(\\S{1,80}) ${mask} has joined ([#&!+]\\S*)`),
  left: new RegExp(`^(\\S{1,80}) ${mask} has (?:left|quit)(?: |$)`),
  kicked,
  renamed: /^(\S{1,80}) is now known as (\S{1,80})$/,
};

const theLounge: Words = {
  title: 'The Lounge',
  gap: ' ',
  joined: new RegExp(`^(\\S{1,80}) ${mask} joined`),
  left: new RegExp(`^(\\S{1,80}) ${mask} (?:left|quit)(?: |$)`),
  kicked,
  renamed: /^(\S{1,80}) changed nick to (\S{1,80})$/,
};

/** ZNC's log module, and EnergyMech, whose lines it writes. A file a day. */
export const readZncLine = reader(znc);
/** Limnoria's and Supybot's ChannelLogger: two spaces after the time. */
export const readLimnoriaLine = reader(limnoria);
/** The Lounge's text files: times in UTC, with milliseconds. */
export const readTheLoungeLine = reader(theLounge);

function reader(words: Words): (text: string) => ReadLine {
  return (text) => {
    const stamped = readStamp(text);
    if (stamped === undefined || !stamped.rest.startsWith(words.gap)) return withoutTime(text, words.title);
    const { time } = stamped;
    const rest = stamped.rest.slice(words.gap.length);
    if (rest.startsWith('*** ')) return { ...readServerLine(words, rest.slice(4)), time };
    const speech = readSpeech(rest);
    if (speech !== undefined) return { line: speech, time };
    if (rest.startsWith('* ')) return { line: action(rest.slice(2)), time };
    return { line: readNotice(toChannel, rest) ?? neither, time };
  };
}

/** Of the server's lines, only those of who comes and goes are worded differently by each program. */
function readServerLine(words: Words, text: string): ReadLine {
  const isOwn = words.joined.test(text) || words.left.test(text);
  return { line: readEvent(words, text) ?? notice, isOwn };
}
