import { createTokens, type Tokens } from '../../src/rights/tokens.ts';
import type { Person, Scene } from './scene.ts';

/** Somebody who asks, in one of the ways in which one can. */
export interface Asker {
  readonly name: string;
  /** Whose place they ask from: inputs are theirs. */
  readonly person: Person;
  /** Whose answers they may be given; undefined for those who have shown no valid token. */
  readonly userId: string | undefined;
  readonly authorization: string | undefined;
}

/** Everybody: each person, and those whose token is expired, missing, garbage, another server's or not signed at all. */
export async function createAskers(tokens: Tokens, scene: Scene): Promise<readonly Asker[]> {
  const people: readonly Person[] = ['ola', 'abe', 'mia', 'ron', 'fay', 'lee', 'gus', 'sly'];
  const askers = await Promise.all(
    people.map(async (person): Promise<Asker> => {
      const userId = scene.userId(person);
      return { name: person, person, userId, authorization: `Bearer ${await tokens.issue({ userId }, 3_600)}` };
    }),
  );
  const claims = (of: object) => Buffer.from(JSON.stringify(of)).toString('base64url');
  const body = { sub: scene.userId('ola'), iss: 'highwater', aud: 'highwater', exp: 2_000_000_000 };
  const strangers = createTokens('the secret of another server, long enough', Date.now);
  const nobodies: Readonly<Record<string, string | undefined>> = {
    expired: `Bearer ${await tokens.issue({ userId: scene.userId('ola') }, -1)}`,
    'without a token': undefined,
    garbage: 'Bearer garbage.of.three',
    'with another server’s token': `Bearer ${await strangers.issue({ userId: scene.userId('ola') }, 3_600)}`,
    'with an unsigned token': `Bearer ${claims({ alg: 'none', typ: 'JWT' })}.${claims(body)}.`,
  };
  return [
    ...askers,
    ...Object.entries(nobodies).map(([name, authorization]): Asker => {
      return { name, person: 'ola', userId: undefined, authorization };
    }),
  ];
}
