import { action, event, type IrcLine, notice, type ReadLine, readNick, renamed, unreadable } from '../irc-line.ts';
import { readStamp } from '../irc-stamp.ts';
import { readNotice, withoutTime } from './common-lines.ts';

const joined = /^(\S{1,80}) (?:\([^()]*\) )?\(\S*@\S*\) has joined ([#&!+]\S*)/;
const left = /^(\S{1,80}) \(\S*@\S*\) has (?:left|quit)(?: |$)/;
const kicked = /^\S{1,80} has kicked (\S{1,80})(?: |$)/;
const nickChanged = /^(\S{1,80}) is now known as (\S{1,80})$/;
const toChannel = /^Notice\((\S{1,80})\)(?: -> \S+)?: (.*)$/s;

/** WeeChat: time, who or a sign, and the rest, with a tab between. Tabs of what is said stay as they are. */
export function readWeeChatLine(text: string): ReadLine {
  const stamped = readStamp(text);
  const [before, prefix, ...said] = stamped === undefined ? [] : stamped.rest.split('\t');
  if (stamped === undefined || before !== '' || prefix === undefined || said.length === 0) {
    return withoutTime(text, 'WeeChat');
  }
  return { line: readBody(prefix, said.join('\t')), time: stamped.time, isOwn: true };
}

function readBody(prefix: string, text: string): IrcLine {
  switch (prefix) {
    case '-->': {
      const [, joiner, channel] = joined.exec(text) ?? [];
      return joiner === undefined ? notice : event('join', joiner, channel);
    }
    case '<--': {
      const kick = kicked.exec(text)?.[1];
      if (kick !== undefined) return event('kick', kick);
      const leaver = left.exec(text)?.[1];
      return leaver === undefined ? notice : event('leave', leaver);
    }
    case '--': {
      const [, from, to] = nickChanged.exec(text) ?? [];
      if (from !== undefined) return renamed(from, to);
      return readNotice(toChannel, text) ?? notice;
    }
    case ' *':
      return action(text);
    case '':
    case '=!=':
      return notice;
    default: {
      const nick = readNick(prefix);
      return nick === undefined ? unreadable('no nick') : { kind: 'message', nick, text };
    }
  }
}
