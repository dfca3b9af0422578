import {
  type ClientSession,
  type Db,
  MongoAPIError,
  MongoBulkWriteError,
  MongoClient,
  MongoClientClosedError,
  MongoError,
  MongoExpiredSessionError,
  MongoNotConnectedError,
  MongoParseError,
  MongoServerError,
  MongoTopologyClosedError,
  type Timestamp,
} from 'mongodb';
import type { BuildId } from '../../ports/read-model-builds.ts';
import { ReadModelsUnavailable, ReadModelsUnwritable } from '../../ports/read-model-faults.ts';
import { type Collections, collectionsOf, type SharedCollections, sharedCollectionsOf } from './documents.ts';

/** How long a query may take, with all its round trips, unless the URL says otherwise. */
export const defaultQueryMilliseconds = 5_000;
/** How long one write may take, of up to `documentsPerWrite` documents. */
export const writeMilliseconds = 30_000;

/** A server with a database on it, of whatever build. */
export interface ServerConnection {
  readonly database: Db;
  readonly collections: SharedCollections;
  /** How many updates one command may hold on this server. */
  updatesPerCommand(): number;
  /** How long a query may take: the URL's `socketTimeoutMS`, where it has one. */
  readonly queryMilliseconds: number;
  /** Part of every read, so that the server also gives up what nobody waits for any more. */
  readonly readLimit: ReadOptions;
  /**
   * Runs reads of which each sees what those before it have seen, whichever servers answer: the options are part of each.
   * A session says so to a cluster (causal consistency); a server without sessions is alone. With the time of an earlier
   * session, they see what that has seen, too.
   */
  inOneSession<T>(read: (options: ReadOptions) => Promise<T>, after?: Timestamp): Promise<T>;
  /** Runs what uses the server; throws ReadModelsUnavailable, also when it takes too long. Defects stay what they are. */
  run<T>(operation: () => Promise<T>, milliseconds?: number): Promise<T>;
  /** Ends what is under way. May be called again. */
  close(): Promise<void>;
}

export interface ReadOptions {
  readonly maxTimeMS: number;
  readonly session?: ClientSession;
}

/** A server as one build's writer or readers see it. */
export interface Connection extends ServerConnection {
  readonly build: BuildId;
  readonly collections: Collections;
}

export const connectionTo = (server: ServerConnection, build: BuildId): Connection => ({
  ...server,
  build,
  collections: collectionsOf(server.database, build),
});

export interface ConnectionOptions {
  readonly url: string;
  /** That of the URL's path unless given, or else `highwater`. */
  readonly database?: string | undefined;
}

const defaultDatabase = 'highwater';

/** One write is at most so many documents, so that the lease is asked about in between. */
export const documentsPerWrite = 1_000;
/**
 * FerretDB 1 keeps a connection of its own store for every update of a command until the command ends, has 100 of them,
 * and waits for ever for another.
 */
const updatesPerFerretDbCommand = 12;

/**
 * A pool of connections, made when they are first used: the server need not be there. Throws a MongoParseError for a URL
 * that is none.
 *
 * - What is written is on the disks of a majority before it is acknowledged, and only what is so is read: a new primary
 *   takes nothing back.
 * - The driver's own `timeoutMS` has no effect in this version, so the sockets, the choice of a server and the pool have
 *   limits of their own, and `run` stops waiting after a time. What it no longer waits for may still be carried out:
 *   every write here allows for that.
 */
export function connect({ url, database: name }: ConnectionOptions): ServerConnection {
  const parameters = urlOf(url).searchParams;
  const queryMilliseconds = Number(parameters.get('socketTimeoutMS') ?? defaultQueryMilliseconds);
  const client = new MongoClient(url, {
    appName: 'highwater',
    readPreference: 'primary',
    readConcern: { level: 'majority' },
    writeConcern: { w: 'majority', journal: true, wtimeoutMS: 10_000 },
    serverSelectionTimeoutMS: queryMilliseconds,
    connectTimeoutMS: queryMilliseconds,
    waitQueueTimeoutMS: queryMilliseconds,
    socketTimeoutMS: Math.max(writeMilliseconds, queryMilliseconds),
    maxPoolSize: 32,
  });
  // The driver's own default is `test`.
  const isNamed = urlOf(url).pathname.length > 1;
  const database = client.db(name ?? (isNamed ? undefined : defaultDatabase));
  let closed = false;
  let connected = false;
  let updatesPerCommand = documentsPerWrite;
  let hasSessions = false;
  const readLimit = { maxTimeMS: queryMilliseconds };

  /** The driver connects by itself, but once that has failed it never does again: until the first time, it is told to. */
  async function connectFirst<T>(operation: () => Promise<T>): Promise<T> {
    if (!connected) {
      await client.connect();
      const administration = client.db('admin');
      const server = await administration.command({ buildInfo: 1 });
      const hello = await administration.command({ hello: 1 });
      hasSessions = typeof hello['logicalSessionTimeoutMinutes'] === 'number';
      if ('ferretdbVersion' in server) updatesPerCommand = updatesPerFerretDbCommand;
    }
    connected = true;
    return operation();
  }

  async function run<T>(operation: () => Promise<T>, milliseconds = queryMilliseconds): Promise<T> {
    if (closed) throw new ReadModelsUnavailable('the read models are closed');
    try {
      return await within(milliseconds, connected ? operation() : connectFirst(operation));
    } catch (error) {
      throw toPortError(error);
    }
  }

  return {
    database,
    collections: sharedCollectionsOf(database),
    updatesPerCommand: () => updatesPerCommand,
    queryMilliseconds,
    readLimit,
    async inOneSession(read, after) {
      // Whether there are sessions is known once there is a connection.
      await run(async () => {});
      if (!hasSessions) return read(readLimit);
      const session = client.startSession({ causalConsistency: true });
      if (after !== undefined) session.advanceOperationTime(after);
      try {
        return await read({ ...readLimit, session });
      } finally {
        await session.endSession();
      }
    },
    run,
    async close() {
      closed = true;
      await client.close();
    },
  };
}

/** A URL with one host, since those of MongoDB's may name several. */
const urlOf = (url: string): URL => new URL(url.replace(/^mongodb(\+srv)?:\/\/[^/?]*/, 'http://servers'));

async function within<T>(milliseconds: number, running: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(new ReadModelsUnavailable(`the read models did not answer within ${milliseconds} ms`)),
    milliseconds,
  );
  // Nobody looks at the one that comes second.
  late.promise.catch(() => {});
  running.catch(() => {});
  try {
    return await Promise.race([running, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * What the server says of a request that no server could carry out: BadValue, FailedToParse, TypeMismatch, Overflow,
 * IllegalOperation, InvalidBSON, bad field names, CommandNotFound, ImmutableField, InvalidOptions,
 * DocumentValidationFailure, NotImplemented, BSONObjectTooLarge, KeyTooLong and conflicting updates.
 */
const defects: ReadonlySet<number | string | undefined> = new Set([
  ...[2, 9, 14, 15, 20, 22, 40, 52, 53, 54, 55, 56, 57, 59, 66, 72, 121, 238, 10_334, 17_280],
]);
/** Unauthorized, AuthenticationFailed, and a mechanism that the server does not offer. */
const refusals: ReadonlySet<number | string | undefined> = new Set([13, 18, 334]);
const duplicateKey = 11_000;
const outOfDiskSpace = 14_031;

/** Everything that may pass becomes ReadModelsUnavailable; what would fail the same way again does not. */
function toPortError(error: unknown): unknown {
  // Looking up the servers of a mongodb+srv URL fails with an error of the system.
  const isOfSystem = error instanceof Error && 'syscall' in error;
  if (isOfSystem) return new ReadModelsUnavailable(`MongoDB cannot be used: ${error.message}`, { cause: error });
  if (!(error instanceof MongoError) || isDefect(error)) return error;
  if (error.code === outOfDiskSpace) {
    return new ReadModelsUnwritable(`MongoDB's disk is full: ${error.message}`, { cause: error });
  }
  const refused = refusals.has(error.code) ? 'MongoDB refuses the credentials' : 'MongoDB cannot be used';
  return new ReadModelsUnavailable(`${refused}: ${error.message}`, { cause: error });
}

function isDefect(error: MongoError): boolean {
  if (error instanceof MongoServerError) return defects.has(error.code);
  if (error instanceof MongoParseError) return true;
  const isState =
    error instanceof MongoNotConnectedError ||
    error instanceof MongoClientClosedError ||
    error instanceof MongoTopologyClosedError ||
    error instanceof MongoExpiredSessionError;
  return error instanceof MongoAPIError && !isState;
}

export const isDuplicate = (error: unknown): boolean => duplicatesOf(error) !== undefined;

/**
 * The places in a write of several of those whose key was taken; undefined where anything else has failed. What failed
 * before the server answered comes as an error of the whole write, which then tells of none in particular.
 */
export function duplicatesOf(error: unknown): readonly number[] | undefined {
  if (!(error instanceof MongoServerError) || error.code !== duplicateKey) return undefined;
  if (!(error instanceof MongoBulkWriteError)) return [0];
  const failures = [error.writeErrors].flat();
  const onlyDuplicates = failures.length > 0 && failures.every(({ code }) => code === duplicateKey);
  return onlyDuplicates && !error.result.getWriteConcernError() ? failures.map(({ index }) => index) : undefined;
}
