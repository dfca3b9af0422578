import { randomBytes } from 'node:crypto';
import { link, open, readFile, rm } from 'node:fs/promises';
import { type Config, minimumSecretBytes } from '../config.ts';
import { createTokens, type Tokens } from '../rights/tokens.ts';
import { filesOf, prepareDataDirectory } from './data-directory.ts';
import { StartRefused, startRefused } from './start-refused.ts';

/**
 * The configured key, or one that is made at the first start and kept beside the log for its owner alone. Throws
 * StartRefused where that cannot be read or made, or is too short to be a key.
 */
export async function openTokens({ jwtSecret, dataDirectory }: Config): Promise<Tokens> {
  if (jwtSecret !== undefined) return createTokens(jwtSecret, Date.now);
  const { secret: file } = filesOf(dataDirectory);
  let secret: string;
  try {
    secret = (await readIfThere(file)) ?? (await make(file, dataDirectory));
  } catch (error) {
    throw startRefused(`the key for tokens in ${file} cannot be read or made`, error);
  }
  if (Buffer.byteLength(secret.trim()) < minimumSecretBytes) {
    throw new StartRefused(
      `${file} is no key: it has to hold at least ${minimumSecretBytes} bytes. Put the key back that it held, or remove ` +
        'it for a new one, with which the tokens issued before are worth nothing.',
    );
  }
  return createTokens(secret, Date.now);
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    // Below what is no directory nothing is there either; what makes it has the better words for that.
    if (hasCode(error, 'ENOENT') || hasCode(error, 'ENOTDIR')) return undefined;
    throw error;
  }
}

/**
 * Written aside, forced to the disk, and only then put in its place: whatever interrupts this, the file holds a whole key
 * or is not there. Linking fails where it is there meanwhile, so two that start together agree on the first one's key.
 */
async function make(file: string, dataDirectory: string): Promise<string> {
  prepareDataDirectory(dataDirectory);
  const aside = `${file}.${randomBytes(8).toString('hex')}`;
  try {
    const handle = await open(aside, 'wx', 0o600);
    try {
      await handle.writeFile(randomBytes(48).toString('base64url'));
      await handle.sync();
    } finally {
      await handle.close();
    }
    await link(aside, file);
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error;
  } finally {
    await rm(aside, { force: true });
  }
  return readFile(file, 'utf8');
}

const hasCode = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code;
