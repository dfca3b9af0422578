import { isIP } from 'node:net';
import type { RateLimitSettings } from '../api/rate-limits.ts';

export type { RateLimitSettings };

import type { Rate } from '../api/token-bucket.ts';

/**
 * What a person never meets, and what an address, which may be a whole office, does not either. A client that comes back
 * sends what it has kept while it was away, so bursts are large; marks come every few seconds for up to 100 groups; the
 * dearest operation costs 20,000 points.
 */
const rates = {
  sends: { perSecond: 10, burst: 300 },
  marks: { perSecond: 100, burst: 2_000 },
  changes: { perSecond: 10, burst: 300 },
  points: { perSecond: 20_000, burst: 400_000 },
  'sends-per-address': { perSecond: 500, burst: 10_000 },
  'marks-per-address': { perSecond: 5_000, burst: 100_000 },
  'changes-per-address': { perSecond: 500, burst: 10_000 },
  'points-per-address': { perSecond: 200_000, burst: 4_000_000 },
  'failed-tokens-per-address': { perSecond: 5, burst: 200 },
} satisfies Record<string, Rate>;
const counts = {
  'sockets-per-person': 50,
  'sockets-per-address': 5_000,
  'subscriptions-per-socket': 500,
  'subscriptions-per-person': 2_000,
};

const has = <Key extends string>(record: Record<Key, unknown>, name: string): name is Key =>
  Object.hasOwn(record, name);

/**
 * `off`, or what is other than usual: `sends=20/600,sockets-per-person=100`, where 20/600 is twenty a second and six hundred
 * at once. Undefined for `off`. Throws RangeError with the part that says nothing.
 */
export function readRateLimits(text: string): RateLimitSettings | undefined {
  if (text.trim() === 'off') return undefined;
  const [rate, count] = [{ ...rates }, { ...counts }];
  for (const part of text.split(',').flatMap((given) => given.trim() || [])) {
    const [, name = '', number, , burst] = /^([a-z-]+)=(\d{1,9}(\.\d{1,3})?)(?:\/(\d{1,9}))?$/.exec(part) ?? [];
    if (has(rate, name) && Number(number) > 0 && Number(burst) > 0) {
      rate[name] = { perSecond: Number(number), burst: Number(burst) };
    } else if (has(count, name) && burst === undefined && Number.isInteger(Number(number)))
      count[name] = Number(number);
    else throw new RangeError(part);
  }
  return {
    perPerson: { sends: rate.sends, marks: rate.marks, changes: rate.changes, points: rate.points },
    perAddress: {
      sends: rate['sends-per-address'],
      marks: rate['marks-per-address'],
      changes: rate['changes-per-address'],
      points: rate['points-per-address'],
      failedTokens: rate['failed-tokens-per-address'],
    },
    socketsPerPerson: count['sockets-per-person'],
    socketsPerAddress: count['sockets-per-address'],
    subscriptionsPerSocket: count['subscriptions-per-socket'],
    subscriptionsPerPerson: count['subscriptions-per-person'],
  };
}

/** `10.0.0.0/8`, `fd00::/8`, or a single address. */
export function isNetwork(text: string): boolean {
  const [address = '', prefix, ...rest] = text.split('/');
  const family = isIP(address);
  if (family === 0 || rest.length > 0) return false;
  return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= (family === 6 ? 128 : 32));
}
