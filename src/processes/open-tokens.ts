import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../config.ts';
import { createTokens, type Tokens } from '../rights/tokens.ts';

/** The configured key, or one that is made at the first start and kept beside the log for its owner alone. */
export async function openTokens({ jwtSecret, dataDirectory }: Config): Promise<Tokens> {
  if (jwtSecret !== undefined) return createTokens(jwtSecret, Date.now);
  mkdirSync(dataDirectory, { recursive: true });
  const file = join(dataDirectory, 'jwt-secret');
  try {
    // Fails when the file is there: two commands that start together agree on the first one's key.
    await writeFile(file, randomBytes(48).toString('base64url'), { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
  return createTokens(await readFile(file, 'utf8'), Date.now);
}
