import type { ReadModels } from './read-models.ts';
import type { Checkpoint, ReadModelWriter, StoredGroup } from './row-store.ts';

/** Identifies one build of the read models: lower-case letters, digits and hyphens, never used twice. */
export type BuildId = string;

export interface Build {
  readonly id: BuildId;
  /** ISO 8601. */
  readonly createdAt: string;
  readonly schemaVersion: number;
  readonly checkpoint: Checkpoint;
  readonly served: boolean;
}

/**
 * The builds of the read models in one store. A build is filled from the log from the beginning, beside all others, and is
 * shown to nobody until it is served. Each schema version has its own served build, so that an older Highwater goes on
 * with the one that it can read while a newer one fills its own. Throws ReadModelsUnavailable.
 */
export interface ReadModelBuilds {
  /** Of the builds that this version makes and reads. */
  readonly schemaVersion: number;
  /** The build that this version's readers are to read; undefined where none has been served yet, or it is gone. */
  served(): Promise<BuildId | undefined>;
  /** All that are there, of whatever version, the oldest first. */
  list(): Promise<readonly Build[]>;
  /** An empty build of this version's schema. */
  create(): Promise<BuildId>;
  /**
   * Serves `next` in the place of `current`, in one step; undefined stands for none. False, and nothing has changed, where
   * another build than `current` is served, or `next` is not there.
   */
  serve(current: BuildId | undefined, next: BuildId | undefined): Promise<boolean>;
  /**
   * Removes a build with all that is in it. Does nothing where it is not there. Throws BuildInUse for one that is served to
   * this version or to a newer one: what an older one is served goes once somebody says that nobody runs it any more.
   */
  discard(id: BuildId): Promise<void>;
  /**
   * Removes a build in which damage was met, also one that is served: from one moment on it is served to nobody, and can
   * never be served again. Does nothing where it is not there.
   */
  throwAway(id: BuildId): Promise<void>;
  /**
   * Resolves once this process is the one writer of the build, which may take as long as another one lives; rejects with
   * the reason of `signal` once that aborts. Throws BuildGone where it is not there.
   */
  openWriter(id: BuildId, signal: AbortSignal): Promise<ReadModelWriter>;
  /**
   * Queries on this build and no other. Once it is gone they throw BuildGone, or go on answering from all of it as it was:
   * never from part of it. What meets damage throws ReadModelsCorrupt. Throws BuildGone where it is not there.
   */
  openReadModels(id: BuildId): Promise<ReadModels>;
  /** All that is in a build, to be compared with another. Throws BuildGone where it is not there, or goes meanwhile. */
  openContents(id: BuildId): Promise<BuildContents>;
  /** Lets go of what all of these share. What was opened is closed by itself, before. */
  close(): Promise<void>;
}

/** What a build holds, row by row, in an order that is the same in every build and every store. */
export interface BuildContents {
  /** Ids of groups with any row, ascending by UTF-16 code units. */
  groupIds(afterGroupId: string | undefined, limit: number): Promise<readonly string[]>;
  /** The group's own row as it is now, and everything of the group as of that row; undefined where it has none. */
  group(groupId: string): Promise<GroupContents | undefined>;
  close(): Promise<void>;
}

export interface GroupContents {
  readonly group: StoredGroup;
  /**
   * Every other row but stored read counts, ordered by kind and then by key: two builds that hold the same give the same
   * rows in the same order. Rows of a large group are read a page at a time. Throws GroupMovedOn where the build's writer
   * has changed the group meanwhile and the store no longer has what it was.
   */
  rows(): AsyncIterable<ContentsRow>;
}

export interface ContentsRow {
  readonly kind: 'member' | 'mark' | 'message' | 'reaction' | 'reactionCounts' | 'mention' | 'mentionOfAll' | 'command';
  /** Parts in a fixed order, joined by a space; numbers are padded, so that text sorts as they do. */
  readonly key: string;
  /** The same fields with the same values in every store, and so the same JSON. */
  readonly row: object;
}

/** What a group held when it was looked at can no longer be told: look at it again. */
export class GroupMovedOn extends Error {
  override readonly name = 'GroupMovedOn';
}

/** The build was discarded, or the store with it. */
export class BuildGone extends Error {
  override readonly name = 'BuildGone';
}

export class BuildInUse extends Error {
  override readonly name = 'BuildInUse';
}
