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
import { readStamp } from '../irc-stamp.ts';

/** `-nick- text` */
const toChannel = /^-([^\s-][^\s]{0,79}?)- (.*)$/s;

const mask = String.raw`(?:\(\S*@\S*\)|<\S*!\S*@\S*>)`;

/** The words of the programs that put three stars before everything that is the server's. */
interface Words {
  readonly joined: RegExp;
  readonly left: RegExp;
  readonly renamed: RegExp;
  /** What follows the stamp, before the rest. */
  readonly gap: string;
  readonly title: string;
}

const kicked = /^(\S{1,80}) was kicked by \S/;

const znc: Words = {
  title: 'ZNC',
  gap: ' ',
  joined: new RegExp(`^Joins: (\\S{1,80}) ${mask}()`),
  left: new RegExp(`^(?:Parts|Quits): (\\S{1,80}) ${mask}`),
  renamed: /^(\S{1,80}) is now known as (\S{1,80})$/,
};

const limnoria: Words = {
  title: 'Limnoria',
  gap: '  ',
  joined: new RegExp(`^(\\S{1,80}) ${mask} has joined ([#&!+]\\S*)`),
  left: new RegExp(`^(\\S{1,80}) ${mask} has (?:left|quit)(?: |$)`),
  renamed: /^(\S{1,80}) is now known as (\S{1,80})$/,
};

const theLounge: Words = {
  title: 'The Lounge',
  gap: ' ',
  joined: new RegExp(`^(\\S{1,80}) ${mask} joined()`),
  left: new RegExp(`^(\\S{1,80}) ${mask} (?:left|quit)(?: |$)`),
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
    if (stamped === undefined || !stamped.rest.startsWith(words.gap)) {
      return { line: text.trim() === '' ? notice : unreadable(`no line of ${words.title}’s`) };
    }
    const { time } = stamped;
    const rest = stamped.rest.slice(words.gap.length);
    if (rest.startsWith('*** ')) return { ...readServerLine(words, rest.slice(4)), time };
    const speech = readSpeech(rest);
    if (speech !== undefined) return { line: speech, time };
    if (rest.startsWith('* ')) return { line: action(rest.slice(2)), time };
    const [, speaker, said = ''] = toChannel.exec(rest) ?? [];
    const nick = readNick(speaker);
    if (nick !== undefined) return { line: { kind: 'message', nick, text: said }, time };
    return { line: unreadable('neither a message nor an action'), time };
  };
}

function readServerLine(words: Words, text: string): ReadLine {
  const own = (line: IrcLine): ReadLine => ({ line, isOwn: true });
  const [, joiner, channel] = words.joined.exec(text) ?? [];
  if (joiner !== undefined) return own(event('join', joiner, channel === '' ? undefined : channel));
  const leaver = words.left.exec(text)?.[1];
  if (leaver !== undefined) return own(event('leave', leaver));
  const kick = kicked.exec(text)?.[1];
  if (kick !== undefined) return { line: event('kick', kick) };
  const [, from, to] = words.renamed.exec(text) ?? [];
  return { line: from === undefined ? notice : renamed(from, to) };
}
