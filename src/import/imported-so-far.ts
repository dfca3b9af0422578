import { encodeEvent } from '../events/codec.ts';
import { decodeRecorded } from '../events/decode-recorded.ts';
import type { GroupEvent } from '../events/event.ts';
import { deriveId } from '../events/event-id.ts';
import { groupStream, importsStream, type StreamName } from '../events/stream-name.ts';
import { requireNextVersion } from '../events/stream-order.ts';
import { type EventLog, noStream, type Position, type RecordedEvent, type Version } from '../ports/event-log.ts';
import type { IrcFile } from './irc-file.ts';

const pageSize = 1_000;

async function* readWholeStream(log: EventLog, streamName: StreamName): AsyncGenerator<RecordedEvent> {
  for (let next = noStream + 1; ; ) {
    const page = await log.readStream(streamName, next, pageSize);
    for (const recorded of page) {
      requireNextVersion(recorded, next);
      next += 1;
      yield recorded;
    }
    if (page.length < pageSize) return;
  }
}

/** What the `imports-…` stream of a group says. */
export interface ImportsState {
  readonly sha256s: ReadonlySet<string>;
  readonly version: Version;
}

export async function readImports(log: EventLog, groupId: string): Promise<ImportsState> {
  const sha256s = new Set<string>();
  let version = noStream;
  for await (const recorded of readWholeStream(log, importsStream(groupId))) {
    const { event } = decodeRecorded(recorded);
    if (event.type === 'FileImported') sha256s.add(event.data.sha256);
    version = recorded.version;
  }
  return { sha256s, version };
}

export interface FinishedFile {
  readonly groupId: string;
  readonly file: IrcFile;
  readonly actorId: string;
  readonly at: string;
}

/**
 * Appends FileImported after `imports`, unless somebody else has meanwhile. Returns the stream as it is then, with the
 * position if it was appended here. Throws LogUnavailable, or AppendUnknown.
 */
export async function appendFileImported(
  log: EventLog,
  imports: ImportsState,
  { groupId, file, actorId, at }: FinishedFile,
): Promise<{ readonly imports: ImportsState; readonly position?: Position }> {
  const id = filePrefix(file);
  const { name, sha256, lines } = file;
  const encoded = encodeEvent(
    { type: 'FileImported', data: { groupId, file: name, sha256, lines: lines.length } },
    { correlationId: id, causationId: id, actorId, at },
    deriveId(importsStream(groupId), actorId, id),
  );
  for (let known = imports; ; known = await readImports(log, groupId)) {
    if (known.sha256s.has(sha256)) return { imports: known };
    const result = await log.append(importsStream(groupId), known.version, [encoded]);
    if (result.kind === 'conflict') continue;
    const { version, position } = result;
    return { imports: { sha256s: new Set(known.sha256s).add(sha256), version }, position };
  }
}

const filePrefix = ({ sha256 }: IrcFile): string => `irc:${sha256.slice(0, 16)}`;

/** What all events of a line share as their `correlationId`. It is also the id of the line's last command. */
export const lineId = (file: IrcFile, line: number): string => `${filePrefix(file)}:${line}`;

/** The id of a command that makes way for the line's last one, such as adding an author before their first message. */
export const preparationId = (file: IrcFile, line: number): string => `${lineId(file, line)}:before`;

/**
 * Hands each event that stands in the group's stream to `onEvent`, in order. Returns, by file, the last line that is
 * there as a whole: a line is once the event of its last command is. Commands are appended in the order of the lines, so
 * whatever comes before that line is there too, or comes to nothing.
 */
export async function replayGroup(
  log: EventLog,
  groupId: string,
  onEvent: (event: GroupEvent) => void,
): Promise<(file: IrcFile) => number> {
  const lastLines = new Map<string, number>();
  for await (const recorded of readWholeStream(log, groupStream(groupId))) {
    const { event, metadata } = decodeRecorded(recorded);
    // A group's stream holds group events only.
    onEvent(event as GroupEvent);
    const [, prefix = '', line] = /^(irc:[0-9a-f]{16}):(\d+)$/.exec(metadata.causationId) ?? [];
    if (line !== undefined) lastLines.set(prefix, Number(line));
  }
  return (file) => lastLines.get(filePrefix(file)) ?? 0;
}
