import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { LeaseLost, ReadModelsUnavailable } from '../../ports/read-models.ts';
import { type Connection, isDuplicate } from './connection.ts';
import { idOf, type LeaseDocument } from './documents.ts';

/** The right of one process, and no other, to write a build of the read models. */
export interface ProjectorLease {
  /** Grows with every holder. */
  readonly token: number;
  /** Throws LeaseLost once the lease may be another's, by this process's own clock. */
  requireHeld(): void;
  /** From now on it is lost, whatever the clock says. */
  giveUp(): void;
  /** Lets the next one begin at once. Does not throw: a lease that cannot be released runs out. */
  release(): Promise<void>;
}

export interface LeaseOptions {
  /** Who holds it: for people who look. */
  readonly holder: string;
  /** Rejects with its reason once it aborts. */
  readonly signal: AbortSignal;
  /** Others take over when the holder has given no sign for so long. 10 s by default. */
  readonly leaseMilliseconds?: number | undefined;
  /** Told why there is still to wait, each reason once in a row. */
  readonly onWaiting?: ((reason: string) => void) | undefined;
}

export const defaultLeaseMilliseconds = 10_000;
/** The holder stops that much before others may begin, for clocks that run at different speeds. */
const safety = 0.1;
const keptTerms = 10;

/**
 * Waits until the lease is free and takes it. Nobody's clock is compared with another's:
 *
 * - Each term is a document of its own, and taking one is inserting it: of several who try, the unique `_id` lets one.
 * - The holder counts its renewals in its term. Who waits takes the next term when, by its own monotonic clock, that
 *   count has stood still for the whole of the holder's lease, or at once where the holder has released it.
 * - The holder stops by its own monotonic clock, counted from when it sent the last renewal that was acknowledged: that
 *   is earlier than anybody can have seen it.
 *
 * A holder that is paused between asking its clock and the server carrying out its write is stopped by the token: see
 * read-model-writer.ts. Throws ReadModelsUnavailable.
 */
export async function acquireProjectorLease(connection: Connection, options: LeaseOptions): Promise<ProjectorLease> {
  const { holder, signal, leaseMilliseconds = defaultLeaseMilliseconds, onWaiting } = options;
  const { build, collections } = connection;
  const { leases } = collections;
  const attempt = randomUUID();
  let seen: { term: LeaseDocument; since: number } | undefined;

  const isFree = (term: LeaseDocument | undefined): boolean => {
    // Taken by this very call, whose answer was lost: nobody renews it.
    if (term === undefined || term.released || term.attempt === attempt) return true;
    if (seen?.term._id !== term._id || seen.term.renewals !== term.renewals) {
      seen = { term, since: performance.now() };
    }
    return performance.now() - seen.since >= term.leaseMilliseconds;
  };

  while (!signal.aborted) {
    const [term] = await connection.run(() => leases.find({ build }).sort({ token: -1 }).limit(1).toArray());
    if (isFree(term)) {
      const token = (term?.token ?? 0) + 1;
      const sentAt = performance.now();
      if (await take(connection, { token, holder, attempt, leaseMilliseconds })) {
        // Where this fails they stay, and do no harm.
        await forgetOldTerms(connection, token).catch(() => {});
        return keepLease(connection, { token, sentAt, leaseMilliseconds });
      }
    } else onWaiting?.(`${term?.holder} projects`);
    await wait(Math.min(leaseMilliseconds / 5, 500), undefined, { signal }).catch(() => {});
  }
  throw signal.reason;
}

/** False where another was quicker. */
async function take(
  { build, collections, run }: Connection,
  term: Pick<LeaseDocument, 'token' | 'holder' | 'attempt' | 'leaseMilliseconds'>,
): Promise<boolean> {
  const now = new Date();
  const _id = idOf(build, term.token);
  const document = { _id, build, ...term, renewals: 0, released: false, acquiredAt: now, renewedAt: now };
  return run(() =>
    collections.leases.insertOne(document).then(
      () => true,
      (error: unknown) => {
        if (isDuplicate(error)) return false;
        throw error;
      },
    ),
  );
}

/** A few stay, for people who look. */
async function forgetOldTerms({ build, collections, run }: Connection, token: number): Promise<void> {
  await run(() => collections.leases.deleteMany({ build, token: { $lte: token - keptTerms } }));
}

/** Renews the lease in the background until it is released or lost. */
function keepLease(
  { build, collections, run, queryMilliseconds }: Connection,
  { token, sentAt, leaseMilliseconds }: { token: number; sentAt: number; leaseMilliseconds: number },
): ProjectorLease {
  const usable = leaseMilliseconds * (1 - safety);
  const every = leaseMilliseconds / 3;
  const term = { _id: idOf(build, token), released: false };
  let until = sentAt + usable;
  let renewals = 0;
  let lost = false;
  const isHeld = (): boolean => {
    // Once past, it does not come back: somebody may have counted on that.
    lost ||= performance.now() > until;
    return !lost;
  };

  async function renew(): Promise<void> {
    if (!isHeld()) {
      clearInterval(timer);
      return;
    }
    const sent = performance.now();
    renewals += 1;
    try {
      const change = { $set: { renewals, renewedAt: new Date() } };
      const renewed = await run(() => collections.leases.updateOne(term, change), Math.min(every, queryMilliseconds));
      const next = await run(() => collections.leases.findOne({ build, token: { $gt: token } }), every);
      if (renewed.matchedCount === 0 || next !== null) lost = true;
      else if (isHeld()) until = Math.max(until, sent + usable);
    } catch (error) {
      // The next renewal may come through in time; what is a defect will show in what is written.
      if (!(error instanceof ReadModelsUnavailable)) lost = true;
    }
  }

  const timer = setInterval(() => void renew(), every);
  timer.unref();
  return {
    token,
    requireHeld() {
      if (!isHeld()) throw new LeaseLost(`the lease of term ${token} has run out or is another's`);
    },
    giveUp() {
      lost = true;
      clearInterval(timer);
    },
    async release() {
      clearInterval(timer);
      lost = true;
      const change = { $set: { released: true } };
      // Whatever has failed, the next one begins when the lease has run out.
      await run(() => collections.leases.updateOne(term, change)).catch(() => {});
    },
  };
}
