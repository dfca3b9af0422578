import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { createIrcClock } from './irc-clock.ts';
import { type IrcForm, ircForms, recogniseForm } from './irc-forms/irc-forms.ts';
import type { IrcLine, SpokenLine } from './irc-line.ts';
import { type WrittenDay, writtenDay } from './irc-stamp.ts';

/** A file that cannot be imported as it is, or not into this group. The message is for the person who runs the import. */
export class ImportRefused extends Error {
  override readonly name = 'ImportRefused';
}

/** What is said about files besides their bytes. */
export interface IrcFileOptions {
  /** The day (YYYY-MM-DD) of files whose names and lines tell none. */
  readonly date?: string | undefined;
  /** IANA name of the zone in which the clock of who logged stood. UTC unless given. */
  readonly timezone?: string | undefined;
  /** The name of the form that all files are in; otherwise it is recognised in each. */
  readonly format?: string | undefined;
}

/** One log, known by its bytes: renaming or moving the file does not make it another one. */
export interface IrcFile {
  readonly path: string;
  readonly name: string;
  readonly sha256: string;
  readonly form: IrcForm;
  readonly zone: string;
  /** The day of the first line, where the file's name or somebody says so. */
  readonly day: Required<WrittenDay> | undefined;
  /** The moment of the first line, in milliseconds since 1970, UTC. */
  readonly begin: number;
  readonly lines: readonly string[];
}

/**
 * Reads a log and finds out whose form it is in. Throws ImportRefused where it is in none, where nothing in it can be
 * imported, where neither its lines, nor its name, nor `date` tell its day (one that is taken from the file's modification
 * would be another one elsewhere), and where it cannot be read.
 */
export async function readIrcFile(path: string, options: IrcFileOptions = {}): Promise<IrcFile> {
  const zone = readZone(options.timezone);
  const wanted = options.format === undefined ? undefined : formNamed(options.format);
  const date = options.date === undefined ? undefined : readDate(options.date);
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    throw new ImportRefused(`${path} cannot be read: ${error instanceof Error ? error.message : error}`);
  }
  const name = basename(path);
  const lines = decodeLines(bytes);
  const form = wanted ?? recogniseForm(lines);
  if (form === undefined) {
    const tried = ircForms.map(({ title }) => title).join(', ');
    throw new ImportRefused(
      `${path} is not in a form that is known here. Tried: ${tried}. If it is one of these, say which with --format`,
    );
  }
  if (!lines.some((text) => isSomething(form.readLine(text).line))) {
    throw new ImportRefused(`${path}: nothing in it can be read as a log of ${form.title}`);
  }
  const day = dayInName(name) ?? date;
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const begin = beginOf({ form, zone, day, lines });
  if (begin === undefined) {
    throw new ImportRefused(
      `${path}: neither its lines nor its name tell a day such as 2006-06-01; give one with --date`,
    );
  }
  return { path, name, sha256, form, zone, day, begin, lines };
}

const isSomething = ({ kind }: IrcLine): boolean => kind !== 'notice' && kind !== 'unreadable';

/** The file's first moment; undefined where nothing tells its day. */
function beginOf({ form, zone, day, lines }: Pick<IrcFile, 'form' | 'zone' | 'day' | 'lines'>): number | undefined {
  const clock = createIrcClock({ zone, day, mayBeTwelveHours: form.mayBeTwelveHours ?? false });
  for (const text of lines) {
    const moment = clock.next(form.readLine(text).time);
    if (moment !== undefined) return moment;
  }
  return undefined;
}

function readZone(timezone = 'UTC'): string {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: timezone }).resolvedOptions().timeZone;
  } catch {
    throw new ImportRefused(`${timezone} is no time zone; name one such as Europe/Berlin`);
  }
}

function formNamed(name: string): IrcForm {
  const form = ircForms.find((one) => one.name === name);
  if (form !== undefined) return form;
  throw new ImportRefused(`${name} is no form that is known here: ${ircForms.map((one) => one.name).join(', ')}`);
}

function readDate(date: string): Required<WrittenDay> {
  const day = dayInName(date);
  if (day !== undefined && /^\d{4}-\d\d-\d\d$/.test(date)) return day;
  throw new ImportRefused(`${date} is no day; write it as 2006-06-01`);
}

const dayFirst = /(?<!\d)(\d{1,2})(\p{L}{3})(\d{4})(?!\d)/u;
const yearFirst = /(?<!\d)(\d{4})-?(\d\d)-?(\d\d)(?!\d)/;

/** The day in a file's name: 2026-10-24, 20261024 or 24Oct2026. */
function dayInName(name: string): Required<WrittenDay> | undefined {
  const [, ofMonth = '', named = '', in4 = ''] = dayFirst.exec(name) ?? [];
  const [, year = in4, month = named, day = ofMonth] = yearFirst.exec(name) ?? [];
  const found = year === '' ? undefined : writtenDay({ year, month, day });
  return found?.year === undefined ? undefined : { ...found, year: found.year };
}

const utf8 = new TextDecoder('utf-8', { fatal: true });
const windows1252 = new TextDecoder('windows-1252');

/**
 * The file's lines without their ends. People wrote to one channel in more than one encoding, so each line that is not
 * UTF-8 is taken for Windows-1252, which gives every byte a character.
 */
export function decodeLines(bytes: Buffer): readonly string[] {
  let lines: string[];
  try {
    lines = utf8.decode(bytes).split('\n');
  } catch {
    lines = splitBytes(bytes).map((line) => {
      try {
        return utf8.decode(line);
      } catch {
        return windows1252.decode(line);
      }
    });
  }
  // What follows the last line's end is no line.
  if (lines.at(-1) === '') lines.pop();
  return lines.map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line));
}

function splitBytes(bytes: Buffer): Buffer[] {
  const lines: Buffer[] = [];
  let start = 0;
  for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, start)) {
    lines.push(bytes.subarray(start, end));
    start = end + 1;
  }
  return [...lines, bytes.subarray(start)];
}

/** A line with its moment, in milliseconds since 1970. */
export interface TimedLine {
  readonly line: IrcLine;
  readonly at: number;
}

/** What a whole file tells before its first line is imported. */
export interface ParsedIrcFile {
  readonly lines: readonly TimedLine[];
  /** Everybody who speaks, comes, goes or changes their nick in the file, in lower case: who may have acted in it. */
  readonly nicks: ReadonlySet<string>;
}

export function parseIrcFile({ form, zone, day, begin, lines: texts }: IrcFile): ParsedIrcFile {
  const clock = createIrcClock({ zone, day, mayBeTwelveHours: form.mayBeTwelveHours ?? false, begin });
  const nicks = new Set<string>();
  let spoken: SpokenLine | undefined;
  const lines = texts.map((text): TimedLine => {
    const { line, time } = form.readLine(text);
    const at = clock.next(time) ?? begin;
    if ('nick' in line) nicks.add(line.nick.toLowerCase());
    if (line.kind === 'rename') nicks.add(line.from.toLowerCase()).add(line.to.toLowerCase());
    if (line.kind === 'message' || line.kind === 'action') spoken = line;
    return { line: line.kind === 'repeated' ? { ...line, of: spoken } : line, at };
  });
  return { lines, nicks };
}

/**
 * The channel whose log this is, in lower case, as its joins name it, or its path: `#channel.log`, or a directory of that
 * name. Undefined where nothing does.
 */
export function channelOf(file: IrcFile): string | undefined {
  for (const text of file.lines) {
    const { line } = file.form.readLine(text);
    if (line.kind === 'join' && line.channel !== undefined) return line.channel.toLowerCase();
  }
  const names = [file.name.replace(fileEnding, ''), basename(dirname(file.path))];
  return names.map((name) => inName.exec(name)?.[0].toLowerCase()).find((name) => name !== undefined);
}

const fileEnding = /(?:\.\d{4}-\d\d-\d\d)?\.(?:log|txt|weechatlog)$/;
const inName = /#[^\s/\\]+$/;
