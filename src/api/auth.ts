import { errors, jwtVerify, SignJWT } from 'jose';
import { userIdSchema } from '../events/values.ts';
import { ApiError } from './error-table.ts';

/** Who is asking, from a token whose signature and expiry were checked. The only source of an actor. */
export interface Viewer {
  readonly userId: string;
  readonly name: string;
  /** Milliseconds since 1970. Nothing is delivered after it. */
  readonly expiresAt: number;
}

/** The longest that a timer can wait; what would be later happens then. */
const longestTimerMilliseconds = 2 ** 31 - 1;

/** Calls `expired` when the viewer's token is no longer valid. The timer keeps no process alive. */
export function atExpiry(viewer: Viewer, now: number, expired: () => void): NodeJS.Timeout {
  return setTimeout(expired, Math.min(viewer.expiresAt - now, longestTimerMilliseconds)).unref();
}

export interface Tokens {
  /** A token for `userId`, valid for `seconds`. */
  issue(viewer: { readonly userId: string; readonly name?: string | undefined }, seconds: number): Promise<string>;
  /** Reads an Authorization header's value, `Bearer …`. Throws ApiError UNAUTHENTICATED, saying why. */
  verify(authorization: string | undefined | null): Promise<Viewer>;
}

const issuer = 'highwater';
const audience = 'highwater';
const rememberedTokens = 20_000;

/** Tokens are JWTs signed with HS256. A token that was verified is remembered, bounded, until it expires. */
export function createTokens(secret: string, now: () => number): Tokens {
  const key = new TextEncoder().encode(secret);
  const remembered = new Map<string, Viewer>();

  async function verifyToken(token: string): Promise<Viewer> {
    const { payload } = await jwtVerify(token, key, {
      issuer,
      audience,
      algorithms: ['HS256'],
      requiredClaims: ['sub', 'exp'],
      currentDate: new Date(now()),
    });
    const userId = userIdSchema.safeParse(payload.sub);
    if (!userId.success) throw unauthenticated('the token’s subject is no user id');
    const name = typeof payload['name'] === 'string' ? payload['name'] : userId.data;
    return { userId: userId.data, name, expiresAt: (payload.exp ?? 0) * 1_000 };
  }

  return {
    issue: ({ userId, name }, seconds) => {
      const issuedAt = Math.floor(now() / 1_000);
      return new SignJWT(name === undefined ? {} : { name })
        .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
        .setSubject(userId)
        .setIssuer(issuer)
        .setAudience(audience)
        .setIssuedAt(issuedAt)
        .setExpirationTime(issuedAt + seconds)
        .sign(key);
    },
    async verify(authorization) {
      const token = /^Bearer +([\w.-]+)$/i.exec(authorization ?? '')?.[1];
      if (token === undefined) throw unauthenticated('send a token: Authorization: Bearer …');
      const known = remembered.get(token);
      if (known !== undefined && known.expiresAt > now()) return known;
      remembered.delete(token);
      try {
        const viewer = await verifyToken(token);
        if (remembered.size >= rememberedTokens) remembered.delete(remembered.keys().next().value ?? '');
        remembered.set(token, viewer);
        return viewer;
      } catch (error) {
        if (error instanceof errors.JWTExpired) throw unauthenticated('the token has expired');
        if (error instanceof errors.JOSEError) throw unauthenticated('the token is not valid');
        throw error;
      }
    },
  };
}

const unauthenticated = (message: string): ApiError => new ApiError('UNAUTHENTICATED', message);
