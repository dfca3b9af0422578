import {
  AccessDeniedError,
  InvalidTransactionError,
  MaxAppendSizeExceededError,
  RequiredMetadataPropertyMissingError,
  StreamDeletedError,
} from '@eventstore/db-client';
import type { AppendResp } from '@eventstore/db-client/generated/streams_pb.js';
import { type AppendResult, AppendUnknown, type EventLog, noStream } from '../../ports/event-log.ts';
import { pause, pauseAfter } from '../following/backoff.ts';
import { type AppendRequest, checkedAppend } from './append-request.ts';
import { CallFailed, isPermanent } from './call-failed.ts';
import type { Connection } from './connection.ts';
import { isLeaderless, unavailable } from './faults.ts';
import { createLane } from './lanes.ts';
import type { Reads } from './reads.ts';

export interface AppendOptions {
  /** Of each call. */
  readonly deadlineMilliseconds: number;
  /** For how long, after its first failure, to wait for a leader and to find out what has become of an append. */
  readonly settleMilliseconds: number;
}

const concurrentAppends = 64;
/** Between attempts at an append, in milliseconds. Elections take seconds, and everybody waits for their end. */
const pauses = { first: 20, most: 250 };

/** These are answers to the append itself, and say that it was not stored. */
const refusals = [
  AccessDeniedError,
  InvalidTransactionError,
  MaxAppendSizeExceededError,
  RequiredMetadataPropertyMissingError,
  StreamDeletedError,
];

interface Refused {
  readonly kind: 'refused';
  readonly error: unknown;
}

/** What is known of an append after one attempt at it, or one look at its place. */
type Outcome =
  | AppendResult
  /** Nothing was stored by this attempt, and nothing will be. */
  | Refused
  /** Stored, not stored, or still to be stored. */
  | { readonly kind: 'unknown'; readonly error: unknown };

/**
 * Appends by the unary call. Where an answer does not come, or does not say what became of the append, this is how it is
 * settled:
 *
 * - Our events stand at their place: it was stored, and the answer is the one that it would have had.
 * - Another event stands there: an append at this version can never be stored any more. It is a conflict.
 * - Nothing stands there: that proves nothing, because the server may store what it has received at any time, after
 *   the deadline too. So the same append is sent again. A server takes the same ids at the same version as the same
 *   append, so whichever of the two comes first is stored, and the other is answered with the first one's answer.
 *
 * When none of this has led to an answer in time, the append is AppendUnknown. It stays safe to hand it in again.
 *
 * Where it was certainly not stored because nobody leads the cluster, as during an election, the same append is sent again
 * until somebody does; in the same time, after which it is LogUnavailable.
 */
export function createAppend(connection: Connection, reads: Reads, options: AppendOptions): EventLog['append'] {
  const lane = createLane(concurrentAppends);

  async function send(request: AppendRequest, milliseconds: number): Promise<Outcome> {
    let response: AppendResp;
    try {
      response = await lane.run(milliseconds, (remaining) => connection.append(request.messages, remaining));
    } catch (error) {
      return { kind: isCertainlyRefused(error) ? 'refused' : 'unknown', error };
    }
    const success = response.getSuccess();
    const position = success?.getPosition();
    if (position !== undefined && Number(success?.getCurrentRevision()) === request.lastVersion) {
      return { kind: 'appended', version: request.lastVersion, position: Number(position.getCommitPosition()) };
    }
    const wrong = response.getWrongExpectedVersion();
    // A success that does not say where may be one of long ago.
    if (wrong === undefined) return lookAtPlace(request);
    const actualVersion = wrong.hasCurrentRevision() ? Number(wrong.getCurrentRevision()) : noStream;
    if (actualVersion < request.lastVersion) return { kind: 'conflict', actualVersion };
    // Long enough to hold our events: it is no conflict if they are what made it that long.
    const place = await lookAtPlace(request);
    return place.kind === 'conflict' ? { kind: 'conflict', actualVersion } : place;
  }

  async function lookAtPlace({ streamName, expectedVersion, lastVersion, eventIds }: AppendRequest): Promise<Outcome> {
    try {
      const [first] = await reads.readStream(streamName, expectedVersion + 1, 1);
      if (first === undefined) return { kind: 'unknown', error: new Error('nothing stands at its place so far') };
      // A stream that was deleted, though not for good, goes on at a version that nobody expects: ours may stand there.
      const isOurs = first.eventId === eventIds[0] && first.version === expectedVersion + 1;
      const stored = isOurs ? await reads.readStream(streamName, expectedVersion + 1, eventIds.length) : [];
      const last = stored[eventIds.length - 1];
      if (last !== undefined && stored.every(({ eventId }, index) => eventId === eventIds[index])) {
        return { kind: 'appended', version: lastVersion, position: last.position };
      }
      const [end] = await reads.readStreamBackwards(streamName, undefined, 1);
      return { kind: 'conflict', actualVersion: (end ?? first).version };
    } catch (error) {
      return { kind: 'unknown', error };
    }
  }

  /** No connection to a cluster, and no leader of it, are for an election to mend. */
  const isForAnElection = (error: unknown): boolean =>
    isLeaderless(error) ||
    (connection.isToCluster() && error instanceof CallFailed && !error.sent && !isPermanent(error));

  /** Sends it again while it is refused for want of a leader, and there is time. */
  async function awaitLeader(request: AppendRequest, first: Refused, remaining: () => number): Promise<Outcome> {
    let outcome: Outcome = first;
    // The first time at once, because most of the time the node has named its leader.
    for (let failures = 0; outcome.kind === 'refused' && isForAnElection(outcome.error); failures += 1) {
      const milliseconds = failures === 0 ? 0 : pauseAfter(failures, pauses);
      if (milliseconds >= remaining()) break;
      if (failures > 0) await pause(milliseconds);
      // The whole deadline, also near the end: cut short, a refusal that is on its way would be something unknown.
      outcome = await send(request, options.deadlineMilliseconds);
    }
    return outcome;
  }

  async function settle(request: AppendRequest, cause: unknown, remaining: () => number): Promise<AppendResult> {
    for (let failures = 1; remaining() > 0; failures += 1) {
      let outcome = await within(remaining(), lookAtPlace(request));
      if (outcome.kind === 'unknown' && remaining() > 0) {
        outcome = await send(request, Math.min(options.deadlineMilliseconds, remaining()));
      }
      if (outcome.kind === 'appended') return outcome;
      // A stream that is still shorter may yet grow to where the first attempt, on its way, is stored.
      if (outcome.kind === 'conflict' && outcome.actualVersion > request.expectedVersion) return outcome;
      await pause(Math.max(0, Math.min(pauseAfter(failures, pauses), remaining())));
    }
    throw new AppendUnknown(`whether an append to ${request.streamName} was stored could not be found out`, { cause });
  }

  return async (streamName, expectedVersion, events) => {
    const request = checkedAppend(streamName, expectedVersion, events);
    let outcome = await send(request, options.deadlineMilliseconds);
    const end = performance.now() + options.settleMilliseconds;
    const remaining = (): number => end - performance.now();
    if (outcome.kind === 'refused') outcome = await awaitLeader(request, outcome, remaining);
    if (outcome.kind === 'refused') throw unavailable(`appending to ${streamName}`, outcome.error);
    const result = outcome.kind === 'unknown' ? await settle(request, outcome.error, remaining) : outcome;
    if (result.kind === 'appended') reads.seen(result.position);
    return result;
  };
}

/** What is found out in time. What comes later is of no use to anybody, and has deadlines of its own. */
function within(milliseconds: number, looking: Promise<Outcome>): Promise<Outcome> {
  return new Promise((resolve) => {
    const late = setTimeout(() => resolve({ kind: 'unknown', error: new Error('out of time') }), milliseconds);
    // It never rejects.
    void looking.then((outcome) => {
      clearTimeout(late);
      resolve(outcome);
    });
  });
}

const isCertainlyRefused = (error: unknown): boolean =>
  error instanceof CallFailed &&
  (!error.sent || isLeaderless(error) || refusals.some((refusal) => error.cause instanceof refusal));
