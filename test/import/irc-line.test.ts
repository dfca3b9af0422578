import { describe, expect, test } from 'vitest';
import { readUbuntuLine } from '../../src/import/irc-forms/ubuntu.ts';
import { isIrcNick, splitActor } from '../../src/import/irc-line.ts';

describe('a line of Ubuntu’s logs', () => {
  test.each([
    ['[05:59] <szx0> has anyone used VirtualBox?', 359, 'szx0', 'has anyone used VirtualBox?'],
    ['[06:03] <bur[n] er> (maybe i should use warty)', 363, 'bur[n]er', '(maybe i should use warty)'],
    ['[07:15] <[optik] > hola', 435, '[optik]', 'hola'],
    ['[11:23] <chrisbudden14> [dugg] ', 683, 'chrisbudden14', '[dugg] '],
    ['[05:12] -somebody:#ubuntu- to whom it concerns', 312, 'somebody', 'to whom it concerns'],
    ['[01:09] (soundray/#ubuntu) thomas: have you seen it?', 69, 'soundray', 'thomas: have you seen it?'],
    ['[00:00] <@chief> an operator speaks', 0, 'chief', 'an operator speaks'],
    ['[07:02] <Trashcan> * matthew (n=m@h) has left #ubuntu', 422, 'Trashcan', '* matthew (n=m@h) has left #ubuntu'],
    ['[09:43] <drcode>', 583, 'drcode', ''],
    ['[09:43] <drcode>   ', 583, 'drcode', '  '],
  ])('%s is a message', (line, minute, nick, text) => {
    expect(readUbuntuLine(line)).toMatchObject({
      line: { kind: 'message', nick, text },
      time: { kind: 'wall', seconds: minute * 60 },
    });
  });

  test.each([
    ['=== vassie [~vassie@host]  has joined #ubuntu', { kind: 'join', nick: 'vassie', channel: '#ubuntu' }],
    ['=== vassie [~vassie@host]  has joined #Ubuntu', { kind: 'join', nick: 'vassie', channel: '#Ubuntu' }],
    ['=== oO[NOVA] Oo [n=Nova@host]  has joined #ubuntu', { kind: 'join', nick: 'oO[NOVA]Oo', channel: '#ubuntu' }],
    ['=== augmentor [[H] -853478@host]  has joined #ubuntu', { kind: 'join', nick: 'augmentor', channel: '#ubuntu' }],
    ['=== [linner]  [n=linner@host]  has joined #ubuntu', { kind: 'join', nick: '[linner]', channel: '#ubuntu' }],
    ['=== vassie [~vassie@host]  has left #ubuntu []', { kind: 'leave', nick: 'vassie' }],
    ['=== sangria [n=jaime@host]  has left #ubuntu ["Leaving"] ', { kind: 'leave', nick: 'sangria' }],
    ['=== N}{N[] O [n=C@host]  has left #ubuntu ["Ubuntu]', { kind: 'leave', nick: 'N}{N[]O' }],
    ['=== djpirate was kicked off #ubuntu by apokryphos (annoying)', { kind: 'kick', nick: 'djpirate' }],
    ['=== alice is now known as alice_away', { kind: 'rename', from: 'alice', to: 'alice_away' }],
    ['=== server_ is now known as Bart] ', { kind: 'rename', from: 'server_', to: 'Bart]' }],
    ['=== Bart]  is now known as _Bart_', { kind: 'rename', from: 'Bart]', to: '_Bart_' }],
    ['=== mode/#ubuntu [+o Seveas]  by ChanServ', { kind: 'notice' }],
    ['=== netjoined: irc.freenode.net -> kornbluth.freenode.net', { kind: 'notice' }],
    ['=== ..[topic/#ubuntu:Seveas] : Happy Dapper Day', { kind: 'notice' }],
    ['=== LjL changed the topic of #ubuntu to: Official', { kind: 'notice' }],
    ['', { kind: 'notice' }],
    ['=== nickrud nods at bob', { kind: 'remark', text: 'nickrud nods at bob', isByAnybody: true }],
    ['[13:56]  * genii sips a coffee', { kind: 'action', text: 'genii sips a coffee' }],
  ])('%s', (line, expected) => {
    expect(readUbuntuLine(line).line).toEqual(expected);
  });

  test.each(['hello', '[25:00] <a> b', '[12:00] <a b> c', '[12:00] nothing of the kind', '\u0000'])(
    '%j is unreadable',
    (line) => {
      expect(readUbuntuLine(line).line.kind).toBe('unreadable');
    },
  );
});

describe('who acts', () => {
  const knows =
    (...nicks: string[]) =>
    (nick: string) =>
      nicks.includes(nick);

  test('is the longest known nick that the action may begin with', () => {
    const text = 'bur[n] er wonders';
    expect(splitActor(text, knows('bur[n]er'))).toEqual({ nick: 'bur[n]er', text: 'wonders' });
    expect(splitActor(text, knows('bur[n]'))).toEqual({ nick: 'bur[n]', text: 'er wonders' });
    expect(splitActor('zcat[1]  uses it', knows('zcat[1]'))).toEqual({ nick: 'zcat[1]', text: 'uses it' });
  });

  test('is nobody when nobody is known', () => {
    expect(splitActor('Disconnected from server', knows('bob'))).toBeUndefined();
    expect(splitActor('======= rule', isIrcNick)).toBeUndefined();
  });
});
