import type { DecodedRecord } from '../events/decode-recorded.ts';
import { noStream, type Position, type RecordedEvent, startOfLog, type Version } from '../ports/event-log.ts';
import type { StreamVersions } from './group-tails.ts';
import type { ChangedCounts, ReadCounts } from './read-counts.ts';

/** An event that came by the feed. */
export interface Followed {
  readonly recorded: RecordedEvent;
  readonly decoded: DecodedRecord;
}

/** A group whose counts are in memory, or on their way there. */
export interface Hot {
  counts: ReadCounts | undefined;
  /** Resolves with undefined where the group was forgotten meanwhile: what came by since is not in its counts. */
  loading: Promise<ReadCounts | undefined> | undefined;
  /** What has come by the feed since the streams were last read; undefined where it became too much. */
  arrived: Followed[] | undefined;
  versions: StreamVersions;
  /** The newest version of each stream that came by the feed. */
  followed: StreamVersions;
  snapshotPosition: Position;
}

export function emptyEntry(): Hot {
  const [versions, followed] = [
    { group: noStream, reads: noStream },
    { group: noStream, reads: noStream },
  ];
  const nothing = { counts: undefined, loading: undefined, arrived: undefined };
  return { ...nothing, versions, followed, snapshotPosition: startOfLog };
}

export const isCaughtUp = ({ versions, followed }: Hot): boolean =>
  versions.group >= followed.group && versions.reads >= followed.reads;

export const nextVersion = ({ versions }: Hot, { decoded: { family } }: Followed): Version =>
  (family === 'imports' ? noStream : versions[family]) + 1;

/** Each event once: the snapshot, the tails and the feed overlap. */
export function applyOnce(hot: Hot, counts: ReadCounts, { recorded, decoded }: Followed): ChangedCounts | undefined {
  const { family } = decoded;
  if (family === 'imports' || recorded.version <= hot.versions[family]) return undefined;
  hot.versions[family] = recorded.version;
  return counts.apply(decoded.event, recorded.position);
}
