import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { type IrcLine, parseIrcLine } from './irc-line.ts';

/** A file that cannot be imported as it is, or not into this group. The message is for the person who runs the import. */
export class ImportRefused extends Error {
  override readonly name = 'ImportRefused';
}

/** One day's log, known by its bytes: renaming or moving the file does not make it another one. */
export interface IrcFile {
  readonly path: string;
  readonly name: string;
  readonly sha256: string;
  /** Midnight of the log's day, in milliseconds since 1970, UTC. */
  readonly day: number;
  readonly lines: readonly string[];
}

const dateInName = /(?:^|\D)(\d{4}-\d\d-\d\d)(?:\D|$)/;

/**
 * Reads a log. Its day is the date in its name, else `date` (YYYY-MM-DD). Throws ImportRefused where there is neither, and
 * where the file cannot be read: a day that is taken from the file's modification would be another one elsewhere.
 */
export async function readIrcFile(path: string, date?: string): Promise<IrcFile> {
  const name = basename(path);
  const dayName = dateInName.exec(name)?.[1] ?? date;
  const day = dayName === undefined ? Number.NaN : Date.parse(`${dayName}T00:00:00.000Z`);
  // Date.parse takes the 31st of a month of 30 days for the 1st of the next one.
  if (Number.isNaN(day) || new Date(day).toISOString().slice(0, 10) !== dayName) {
    throw new ImportRefused(`${path}: the file's name holds no date such as 2006-06-01; give one with --date`);
  }
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    throw new ImportRefused(`${path} cannot be read: ${error instanceof Error ? error.message : error}`);
  }
  return { path, name, sha256: createHash('sha256').update(bytes).digest('hex'), day, lines: decodeLines(bytes) };
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

/** What a whole file tells before its first line is imported. */
export interface ParsedIrcFile {
  readonly lines: readonly IrcLine[];
  /** The first minute shown; 0 where none is. */
  readonly firstMinute: number;
  /** Everybody who speaks, comes, goes or changes their nick in the file, in lower case: who may have acted in it. */
  readonly nicks: ReadonlySet<string>;
}

export function parseIrcFile(file: IrcFile): ParsedIrcFile {
  const lines = file.lines.map(parseIrcLine);
  const nicks = new Set<string>();
  for (const line of lines) {
    if ('nick' in line) nicks.add(line.nick.toLowerCase());
    if (line.kind === 'rename') nicks.add(line.from.toLowerCase()).add(line.to.toLowerCase());
  }
  return { lines, firstMinute: lines.find(({ minute }) => minute !== undefined)?.minute ?? 0, nicks };
}

/** The channel whose log this is, in lower case, as its joins name it; undefined where nobody joins. */
export function channelOf(file: IrcFile): string | undefined {
  for (const text of file.lines) {
    const line = parseIrcLine(text);
    if (line.kind === 'join') return line.channel.toLowerCase();
  }
  return undefined;
}
