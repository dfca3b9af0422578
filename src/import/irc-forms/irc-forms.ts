import type { ReadLine } from '../irc-line.ts';
import { readEggdropLine } from './eggdrop.ts';
import { readHexChatLine } from './hexchat.ts';
import { readIrssiLine } from './irssi.ts';
import { readMircLine } from './mirc.ts';
import { readLimnoriaLine, readTheLoungeLine, readZncLine } from './starred.ts';
import { readUbuntuLine } from './ubuntu.ts';
import { readWeeChatLine } from './weechat.ts';

/** How one program writes its logs. */
export interface IrcForm {
  /** As it is named on the command line. */
  readonly name: string;
  /** As people call the program. */
  readonly title: string;
  /** Reads one line, without its end. Never throws: what no rule knows is `unreadable`. Host masks go no further. */
  readonly readLine: (text: string) => ReadLine;
  /** Some of its logs are of a 12-hour clock. */
  readonly mayBeTwelveHours?: boolean;
}

/** In this order: of forms that read a file equally well, which say the same of it, the first is taken. */
export const ircForms: readonly IrcForm[] = [
  { name: 'ubuntu', title: 'Ubuntu’s channels', readLine: readUbuntuLine, mayBeTwelveHours: true },
  { name: 'irssi', title: 'irssi', readLine: readIrssiLine },
  { name: 'weechat', title: 'WeeChat', readLine: readWeeChatLine },
  { name: 'znc', title: 'ZNC and EnergyMech', readLine: readZncLine },
  { name: 'hexchat', title: 'HexChat', readLine: readHexChatLine },
  { name: 'eggdrop', title: 'Eggdrop', readLine: readEggdropLine },
  { name: 'limnoria', title: 'Limnoria', readLine: readLimnoriaLine },
  { name: 'mirc', title: 'mIRC', readLine: readMircLine },
  { name: 'thelounge', title: 'The Lounge', readLine: readTheLoungeLine },
];

/** So many lines are looked at, from the file's beginning. */
const sampleLines = 1_000;
/** So large a share of them must be readable, blank ones aside. */
const leastReadable = 0.8;
const points = { own: 3, common: 1, unreadable: -3 } as const;

/** The form that a file's lines are in; undefined where they are in none of these. */
export function recogniseForm(lines: readonly string[]): IrcForm | undefined {
  const sample = lines.slice(0, sampleLines).filter((line) => line.trim() !== '');
  let best: { readonly form: IrcForm; readonly score: number } | undefined;
  for (const form of ircForms) {
    const score = scoreOf(form, sample);
    if (score !== undefined && score > (best?.score ?? 0)) best = { form, score };
  }
  return best?.form;
}

/** Undefined where the sample is not in this form. */
function scoreOf({ readLine }: IrcForm, sample: readonly string[]): number | undefined {
  let score = 0;
  let readable = 0;
  for (const text of sample) {
    const { line, isOwn } = readLine(text);
    if (line.kind !== 'unreadable' || isOwn) readable += 1;
    if (isOwn) score += points.own;
    else if (line.kind === 'unreadable') score += points.unreadable;
    else if (line.kind !== 'notice') score += points.common;
  }
  return readable >= sample.length * leastReadable ? score : undefined;
}
