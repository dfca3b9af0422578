import { statSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { setTimeout as wait } from 'node:timers/promises';
import type { Position } from '../../ports/event-log.ts';
import type { GroupSnapshot } from '../../ports/group-snapshots.ts';
import {
  MomentPassed,
  type MomentQueries,
  momentQueries,
  ReadModelsUnavailable,
  type ReadMoment,
} from '../../ports/read-models.ts';
import { guarded } from './read-model-file.ts';
import { type SearchedPage, searchInTurns } from './search-in-turns.ts';

/** The port's queries without waiting. */
type Queries = {
  readonly [Name in Exclude<keyof MomentQueries, 'search'>]: (
    ...values: Parameters<MomentQueries[Name]>
  ) => Awaited<ReturnType<MomentQueries[Name]>>;
} & { readonly checkpoint: () => Position; readonly searched: SearchedPage };

/** A connection of its own, whose transaction is a moment: SQLite's write-ahead log keeps what the file was as it began. */
interface MomentConnection {
  readonly database: DatabaseSync;
  readonly queries: Queries;
}

export interface ReadMomentsOptions {
  /** The file of the connections. */
  readonly file: string;
  readonly open: () => MomentConnection;
  /** Runs what takes long when others have had their turn. */
  readonly inTurn: (read: () => GroupSnapshot | undefined) => Promise<GroupSnapshot | undefined>;
  readonly limits?: Partial<MomentLimits>;
}

export interface MomentLimits {
  /** How many moments are open at once. Each has a connection, with 4 MiB of pages at most. */
  readonly open: number;
  /** A moment that is open for longer has passed: nobody's answer takes as long. */
  readonly milliseconds: number;
  /** Connections that were not needed for so long are closed. */
  readonly idleMilliseconds: number;
  /** How long one waits for a moment while as many are open as may be. */
  readonly patienceMilliseconds: number;
  /** From where on the write-ahead log is given a rest: above what the writer cuts it to when it begins it anew. */
  readonly logBytes: number;
  /** How often the log is looked at. */
  readonly lookMilliseconds: number;
}

const defaultLimits: MomentLimits = {
  open: 16,
  milliseconds: 10_000,
  idleMilliseconds: 3_000,
  patienceMilliseconds: 5_000,
  logBytes: 96 * 1024 * 1024,
  lookMilliseconds: 250,
};
const restMilliseconds = 30;

interface Waiting {
  readonly go: () => void;
  readonly giveUp: (error: Error) => void;
}

/**
 * The moments of one file, on connections that are kept for the next ones. The first who waits is the next whose turn it is.
 *
 * As long as moments overlap without a gap, the writer can begin its write-ahead log anew at no time, and it grows without
 * end. So where it has grown, new moments wait until all have been closed, and then for as long as the writer takes for its
 * next commit.
 */
export function createReadMoments(options: ReadMomentsOptions): { moment(): Promise<ReadMoment>; close(): void } {
  const { file, open, inTurn } = options;
  const limits = { ...defaultLimits, ...options.limits };
  const idle: MomentConnection[] = [];
  const openMoments = new Set<() => void>();
  const waiting = new Set<Waiting>();
  /** How many are open, or about to be. */
  let taken = 0;
  let isClosed = false;
  let idling: NodeJS.Timeout | undefined;
  /** New moments wait for the log to have its rest, which begins when none is open any more. */
  let isToRest = false;
  let isResting = false;
  let lookedAtLogAt = Number.NEGATIVE_INFINITY;

  /** Puts a connection by for the next moment, or for as long as it may be idle. */
  function keep(connection: MomentConnection): void {
    idle.push(connection);
    clearTimeout(idling);
    idling = setTimeout(closeIdle, limits.idleMilliseconds);
    idling.unref();
  }

  function closeIdle(): void {
    for (const { database } of idle.splice(0)) closeConnection(database);
  }

  function logHasGrown(): boolean {
    const now = performance.now();
    if (now - lookedAtLogAt < limits.lookMilliseconds) return false;
    lookedAtLogAt = now;
    return (statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0) > limits.logBytes;
  }

  async function rest(): Promise<void> {
    isResting = true;
    await wait(restMilliseconds);
    isResting = false;
    isToRest = false;
    lookedAtLogAt = performance.now();
    letGoOn();
  }

  function letGoOn(): void {
    if (isToRest) {
      if (taken === 0 && !isResting) void rest();
      return;
    }
    for (const { go } of waiting) {
      if (taken >= limits.open) return;
      taken += 1;
      go();
    }
  }

  function leave(): void {
    taken -= 1;
    letGoOn();
  }

  function turn(): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (how: () => void) => {
        clearTimeout(timer);
        waiting.delete(one);
        how();
      };
      const one: Waiting = { go: () => settle(resolve), giveUp: (error) => settle(() => reject(error)) };
      const late = () => one.giveUp(new ReadModelsUnavailable('too many answers are made at once'));
      const timer = setTimeout(late, limits.patienceMilliseconds);
      waiting.add(one);
    });
  }

  function requireOpen(): void {
    if (isClosed) throw new ReadModelsUnavailable('the read models are closed');
  }

  function begin(): ReadMoment {
    const connection = idle.pop() ?? guarded(open);
    const { database, queries } = connection;
    try {
      const position = guarded(() => {
        database.exec('BEGIN');
        return queries.checkpoint();
      });
      return opened(connection, position);
    } catch (error) {
      database.close();
      throw error;
    }
  }

  function opened(connection: MomentConnection, position: number): ReadMoment {
    const { database, queries } = connection;
    let isOver = false;
    const end = () => {
      if (isOver) return;
      isOver = true;
      clearTimeout(timer);
      openMoments.delete(end);
      try {
        database.exec('COMMIT');
        if (isClosed) closeConnection(database);
        else keep(connection);
      } catch {
        closeConnection(database);
      }
      leave();
    };
    const timer = setTimeout(end, limits.milliseconds);
    timer.unref();
    openMoments.add(end);

    function reading<T>(read: () => T): T {
      if (isOver) throw new MomentPassed(`the moment at ${position} is closed`);
      return guarded(read);
    }

    const answers = momentQueries.flatMap((name) => {
      if (name === 'search') return [];
      const query = queries[name] as (...asked: readonly unknown[]) => unknown;
      return [[name, async (...asked: readonly unknown[]) => reading(() => query(...asked))]];
    });
    return {
      position,
      ...(Object.fromEntries(answers) as MomentQueries),
      search: searchInTurns(queries.searched, reading),
      groupSnapshot: (groupId) => inTurn(() => reading(() => queries.groupSnapshot(groupId))),
      close: async () => end(),
    };
  }

  return {
    async moment() {
      requireOpen();
      isToRest ||= logHasGrown();
      if (!isToRest && waiting.size === 0 && taken < limits.open) taken += 1;
      else {
        const turnComes = turn();
        letGoOn();
        await turnComes;
      }
      try {
        requireOpen();
        return begin();
      } catch (error) {
        leave();
        throw error;
      }
    },
    close() {
      isClosed = true;
      for (const { giveUp } of waiting) giveUp(new ReadModelsUnavailable('the read models are closed'));
      for (const end of openMoments) end();
      clearTimeout(idling);
      closeIdle();
    },
  };
}

/** Also where it is closed already, or its file cannot be read any more: nobody asks it anything again. */
function closeConnection(database: DatabaseSync): void {
  try {
    database.close();
  } catch {
    // Then there is nothing left to close.
  }
}
