import { ApiError } from './error-table.ts';
import { type Buckets, createBuckets, type Rate } from './token-bucket.ts';

/** What is taken from buckets: messages sent, marks, other changes, and points of operations as they cost. */
export const ratedKinds = ['sends', 'marks', 'changes', 'points'] as const;
export type RatedKind = (typeof ratedKinds)[number];

/** Each is for one person and, many times as much, for one address. */
export interface RateLimitSettings {
  readonly perPerson: Readonly<Record<RatedKind, Rate>>;
  readonly perAddress: Readonly<Record<RatedKind | 'failedTokens', Rate>>;
  readonly socketsPerPerson: number;
  readonly socketsPerAddress: number;
  readonly subscriptionsPerSocket: number;
  readonly subscriptionsPerPerson: number;
}

/** Who asks: undefined where nobody knows, or where the address says nothing about who it is (the loopback). */
export interface Asking {
  readonly userId: string | undefined;
  readonly address: string | undefined;
}

/** Ends what was counted. Once is enough; again changes nothing. */
export type Release = () => void;

/** The limits of one process. Without settings there are none. Each refusal says after how many milliseconds to come back. */
export interface RateLimits {
  /**
   * Takes from the person's and the address's bucket, or from neither. Whoever says not who they are is one person for each
   * address, and takes nothing of what those have there who say it. Throws RATE_LIMITED.
   */
  take(kind: RatedKind, amount: number, asking: Asking): void;
  /** Counts a token that was not valid. Throws RATE_LIMITED where too many from the address were not of late. */
  tokenFailed(address: string | undefined): void;
  /** Of one that has not said whose it is yet. Undefined where the address has too many of them. */
  socketOfAddress(address: string | undefined): Release | undefined;
  /** Undefined where the person has too many sockets. */
  socketOfPerson(userId: string): Release | undefined;
  /** Throws RATE_LIMITED where the socket (undefined over HTTP) or the person has too many subscriptions. */
  subscription(userId: string, socket: object | undefined): Release;
  /**
   * One inbox listens to all of a person's groups, which may be thousands, and a socket needs one: so there are as many as
   * sockets. Throws RATE_LIMITED.
   */
  inbox(userId: string): Release;
}

const maximumKeys = 100_000;
/** How long to wait for one of a number that is not bound to time. */
const retryLaterMilliseconds = 5_000;

export function createRateLimits(settings: RateLimitSettings | undefined, now: () => number): RateLimits {
  if (settings === undefined) return unlimited;
  const { perPerson, perAddress } = settings;
  const bucketsOf = <Kind extends string>(rates: Readonly<Record<Kind, Rate>>, kinds: readonly Kind[]) =>
    new Map(kinds.map((kind) => [kind, createBuckets(rates[kind], maximumKeys)]));
  const persons = bucketsOf(perPerson, ratedKinds);
  const strangers = bucketsOf(perPerson, ratedKinds);
  const addresses = bucketsOf(perAddress, ratedKinds);
  const failedTokens = createBuckets(perAddress.failedTokens, maximumKeys);
  const socketsOfAddress = createCounts<string>(settings.socketsPerAddress);
  const socketsOfPerson = createCounts<string>(settings.socketsPerPerson);
  const inboxesOfPerson = createCounts<string>(settings.socketsPerPerson);
  const subscriptionsOfSocket = createCounts<object>(settings.subscriptionsPerSocket);
  const subscriptionsOfPerson = createCounts<string>(settings.subscriptionsPerPerson);

  return {
    take(kind, amount, { userId, address }) {
      const moment = now();
      const asked =
        userId === undefined
          ? [{ kinds: strangers, key: address }]
          : [
              { kinds: persons, key: userId },
              { kinds: addresses, key: address },
            ];
      const from = asked.flatMap(({ kinds, key }) => {
        const buckets: Buckets | undefined = kinds.get(kind);
        return key === undefined || buckets === undefined ? [] : [{ buckets, key }];
      });
      const wait = Math.max(0, ...from.map(({ buckets, key }) => buckets.wait(key, amount, moment)));
      if (wait > 0) throw rateLimited(wait);
      for (const { buckets, key } of from) buckets.take(key, amount, moment);
    },
    tokenFailed(address) {
      if (address === undefined) return;
      const moment = now();
      const wait = failedTokens.wait(address, 1, moment);
      if (wait > 0) throw rateLimited(wait);
      failedTokens.take(address, 1, moment);
    },
    socketOfAddress: (address) => (address === undefined ? () => {} : socketsOfAddress.begin(address)),
    socketOfPerson: (userId) => socketsOfPerson.begin(userId),
    inbox(userId) {
      const release = inboxesOfPerson.begin(userId);
      if (release === undefined) throw rateLimited(retryLaterMilliseconds);
      return release;
    },
    subscription(userId, socket) {
      const ofPerson = subscriptionsOfPerson.begin(userId);
      if (ofPerson === undefined) throw rateLimited(retryLaterMilliseconds);
      if (socket === undefined) return ofPerson;
      const ofSocket = subscriptionsOfSocket.begin(socket);
      if (ofSocket === undefined) {
        ofPerson();
        throw rateLimited(retryLaterMilliseconds);
      }
      return () => {
        ofPerson();
        ofSocket();
      };
    },
  };
}

const unlimited: RateLimits = {
  take() {},
  tokenFailed() {},
  socketOfAddress: () => () => {},
  socketOfPerson: () => () => {},
  subscription: () => () => {},
  inbox: () => () => {},
};

/** How many of something each key has now. Keys that have none are not kept. */
function createCounts<Key>(maximum: number): { begin(key: Key): Release | undefined } {
  const counts = new Map<Key, number>();
  return {
    begin(key) {
      const count = counts.get(key) ?? 0;
      if (count >= maximum) return undefined;
      counts.set(key, count + 1);
      let ended = false;
      return () => {
        if (ended) return;
        ended = true;
        const left = (counts.get(key) ?? 1) - 1;
        if (left === 0) counts.delete(key);
        else counts.set(key, left);
      };
    },
  };
}

function rateLimited(waitMilliseconds: number): ApiError {
  const retryAfterMilliseconds = Math.min(waitMilliseconds, 3_600_000);
  return new ApiError('TOO_FAST', `Too much at once. Try again in ${retryAfterMilliseconds} ms.`, {
    retryAfterMilliseconds,
  });
}
