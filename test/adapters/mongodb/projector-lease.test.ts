import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Connection } from '../../../src/adapters/mongodb/connection.ts';
import type { LeaseDocument } from '../../../src/adapters/mongodb/documents.ts';
import { acquireProjectorLease, type ProjectorLease } from '../../../src/adapters/mongodb/projector-lease.ts';
import { LeaseLost } from '../../../src/ports/read-models.ts';

/** What is imported from there keeps the real clock, whatever else is faked. */
vi.mock('node:timers/promises', () => ({
  setTimeout: (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
}));

/** The lease's own clock, moved by the test: what a real server cannot be made to show to the millisecond. */
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance', 'Date'] });
});
afterEach(() => {
  vi.useRealTimers();
});

const leaseMilliseconds = 1_000;
/** A holder stops a tenth before others may begin. */
const usableMilliseconds = 900;
const renewalMilliseconds = leaseMilliseconds / 3;

/** The collection of terms, whose answers come as late as the test says. */
function createTerms(terms: Partial<LeaseDocument>[] = []) {
  const server = {
    insertMilliseconds: 0,
    renewMilliseconds: 0,
    isSilent: false,
    later: null as object | null,
    matchedCount: 1,
  };
  let renewals = 0;
  const later = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds));
  const leases = {
    find: () => ({ sort: () => ({ limit: () => ({ toArray: async () => terms.slice(-1) }) }) }),
    async insertOne(term: LeaseDocument) {
      terms.push(term);
      await later(server.insertMilliseconds);
    },
    async updateOne() {
      if (server.isSilent) return new Promise(() => {});
      renewals += 1;
      await later(server.renewMilliseconds);
      return { matchedCount: server.matchedCount };
    },
    findOne: async () => server.later,
    deleteMany: async () => ({}),
  };
  const run = (call: () => Promise<unknown>) => call();
  const connection = { collections: { leases }, run, queryMilliseconds: 5_000 } as unknown as Connection;
  return { connection, server, terms, renewals: () => renewals };
}

async function acquire(connection: Connection): Promise<ProjectorLease> {
  const signal = new AbortController().signal;
  let lease: ProjectorLease | undefined;
  const acquiring = acquireProjectorLease(connection, { holder: 'test', signal, leaseMilliseconds }).then(
    (acquired) => {
      lease = acquired;
    },
  );
  while (lease === undefined) await vi.advanceTimersByTimeAsync(1);
  await acquiring;
  return lease;
}

function isHeld(lease: ProjectorLease): boolean {
  try {
    lease.requireHeld();
    return true;
  } catch (error) {
    expect(error).toBeInstanceOf(LeaseLost);
    return false;
  }
}

test('a lease counts from when it was asked for, not from when the answer came', async () => {
  const { connection, server } = createTerms();
  server.insertMilliseconds = 300;
  server.isSilent = true;
  const asked = performance.now();
  const lease = await acquire(connection);
  await vi.advanceTimersByTimeAsync(asked + usableMilliseconds - performance.now());
  expect(isHeld(lease)).toBe(true);
  await vi.advanceTimersByTimeAsync(1);
  expect(isHeld(lease)).toBe(false);
});

test('a renewal counts from when it was sent', async () => {
  const { connection, server, renewals } = createTerms();
  const lease = await acquire(connection);
  server.renewMilliseconds = 200;
  while (renewals() === 0) await vi.advanceTimersByTimeAsync(1);
  const sent = performance.now();
  await vi.advanceTimersByTimeAsync(server.renewMilliseconds);
  // None of those that follow is answered.
  server.isSilent = true;
  await vi.advanceTimersByTimeAsync(sent + usableMilliseconds - 2 - performance.now());
  expect(isHeld(lease)).toBe(true);
  await vi.advanceTimersByTimeAsync(4);
  expect(isHeld(lease)).toBe(false);
});

test('a holder that hears nothing stops by its own clock, and does not come back when an answer comes late', async () => {
  const { connection, server } = createTerms();
  const lease = await acquire(connection);
  server.isSilent = true;
  await vi.advanceTimersByTimeAsync(leaseMilliseconds);
  server.isSilent = false;
  expect(isHeld(lease)).toBe(false);
  await vi.advanceTimersByTimeAsync(2 * renewalMilliseconds);
  expect(isHeld(lease)).toBe(false);
});

test('a holder looks for a later term at every renewal, also where its own is still there', async () => {
  const { connection, server } = createTerms();
  const lease = await acquire(connection);
  await vi.advanceTimersByTimeAsync(5 * leaseMilliseconds);
  expect(isHeld(lease)).toBe(true);
  server.later = { token: lease.token + 1 };
  await vi.advanceTimersByTimeAsync(renewalMilliseconds + 1);
  expect(isHeld(lease)).toBe(false);
});

test('a holder whose term is gone or released by another has lost it', async () => {
  const { connection, server } = createTerms();
  const lease = await acquire(connection);
  server.matchedCount = 0;
  await vi.advanceTimersByTimeAsync(renewalMilliseconds + 1);
  expect(isHeld(lease)).toBe(false);
});

test('who waits begins when the holder’s renewals have stood still for the whole of its lease, by the waiter’s clock', async () => {
  // A holder whose lease is longer than the waiter's own, and whose clock says that it ran out long ago.
  const term = { _id: 'projector 7', token: 7, holder: 'other', attempt: 'other', released: false };
  const other = { ...term, renewals: 3, leaseMilliseconds: 4_000, acquiredAt: new Date(0), renewedAt: new Date(0) };
  const { connection, terms } = createTerms([other as Partial<LeaseDocument>]);
  const signal = new AbortController().signal;
  const acquiring = acquireProjectorLease(connection, { holder: 'test', signal, leaseMilliseconds });
  await vi.advanceTimersByTimeAsync(3_500);
  terms[0] = { ...other, renewals: 4 } as Partial<LeaseDocument>;
  await vi.advanceTimersByTimeAsync(3_800);
  expect(terms).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(500);
  expect(await acquiring).toMatchObject({ token: 8 });
});
