import { errors, jwtVerify, SignJWT } from 'jose';
import { isWrittenId } from '../commands/written-text.ts';
import { createBoundedMap } from '../memory/bounded-map.ts';
import { stringBytes } from '../memory/string-bytes.ts';
import { type AccessRefusal, type Refused, tokenExpired, unauthenticated } from './access-refusal.ts';
import type { Viewer } from './viewer.ts';

export interface Tokens {
  /** A token for `userId`, valid for `seconds`. */
  issue(viewer: { readonly userId: string; readonly name?: string | undefined }, seconds: number): Promise<string>;
  /**
   * Reads an Authorization header's value, `Bearer …`: who is asking, or why that is not known, which is `tokenExpired` for
   * a token that was good.
   */
  verify(authorization: string | undefined | null): Promise<Viewer | Refused<AccessRefusal>>;
}

const issuer = 'highwater';
const audience = 'highwater';
/** Longer than any token that is issued here, or that carries no more than what is read of it. */
const maximumTokenCharacters = 4_096;
/** Some 20,000 tokens of everyday length. */
const rememberedBytes = 16 * 1024 * 1024;
/** Measured: the viewer's own fields. */
const bytesPerViewer = 120;

/** Tokens are JWTs signed with HS256. A token that was verified is remembered, bounded in bytes, until it expires. */
export function createTokens(secret: string, now: () => number): Tokens {
  const key = new TextEncoder().encode(secret);
  const remembered = createBoundedMap<Viewer>(rememberedBytes);

  async function verifyToken(token: string): Promise<Viewer | Refused<AccessRefusal>> {
    const { payload } = await jwtVerify(token, key, {
      issuer,
      audience,
      algorithms: ['HS256'],
      requiredClaims: ['sub', 'exp'],
      currentDate: new Date(now()),
    });
    const { sub: userId = '', exp = 0, name } = payload;
    if (!isWrittenId(userId)) return refused('the token’s subject is no user id');
    return { userId, name: typeof name === 'string' ? name : userId, expiresAt: exp * 1_000 };
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
      const token = tokenIn(authorization);
      if (token === undefined) {
        return { refused: unauthenticated('missing', 'send a token: Authorization: Bearer …') };
      }
      if (token.length > maximumTokenCharacters) return refused('the token is too long');
      const known = remembered.use(token);
      if (known !== undefined && known.expiresAt > now()) return known;
      remembered.delete(token);
      try {
        const viewer = await verifyToken(token);
        if ('refused' in viewer) return viewer;
        const { userId, name } = viewer;
        remembered.set(token, viewer, bytesPerViewer + stringBytes(userId) + stringBytes(name));
        return viewer;
      } catch (error) {
        if (error instanceof errors.JWTExpired) return { refused: tokenExpired };
        if (error instanceof errors.JOSEError) return refused('the token is not valid');
        throw error;
      }
    },
  };
}

const tokenIn = (authorization: string | undefined | null): string | undefined =>
  /^Bearer +([\w.-]+)$/i.exec(authorization ?? '')?.[1];

const refused = (problem: string): Refused<AccessRefusal> => ({ refused: unauthenticated('invalid', problem) });
