import { promisify } from 'node:util';
import { brotliCompress, constants, gzip, zstdCompress } from 'node:zlib';

/** Less than this goes into one packet however it is written. */
const smallestBytes = 1_400;

const brotli = promisify(brotliCompress);

/** Best first, where a client takes several alike. Levels that cost less than the answer itself has cost. */
const compressors = {
  zstd: promisify(zstdCompress),
  br: (bytes: Buffer) => brotli(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } }),
  gzip: promisify(gzip),
} as const satisfies Readonly<Record<string, (bytes: Buffer) => Promise<Buffer>>>;

export type Encoding = keyof typeof compressors;

const offered = Object.keys(compressors) as readonly Encoding[];

export interface Encoded {
  readonly bytes: Buffer;
  /** Undefined where the bytes are as they were. */
  readonly encoding: Encoding | undefined;
}

/** The bytes as the client takes them, compressed away from the thread that serves. Never makes them longer. */
export async function compressedFor(accepted: string | undefined, bytes: Buffer): Promise<Encoded> {
  const encoding = bytes.length < smallestBytes ? undefined : encodingFor(accepted, offered);
  if (encoding === undefined) return { bytes, encoding };
  const compressed = await compressors[encoding](bytes);
  return compressed.length < bytes.length ? { bytes: compressed, encoding } : { bytes, encoding: undefined };
}

/** The encoding that an Accept-Encoding header wants most (RFC 9110, 12.5.3), of those that are offered, best first. */
export function encodingFor<Offered extends Encoding>(
  accepted: string | undefined,
  offered: readonly Offered[],
): Offered | undefined {
  const weights = new Map<string, number>();
  for (const item of accepted?.split(',') ?? []) {
    const [, name, weight = '1'] = /^\s*([\w*-]+)\s*(?:;\s*q\s*=\s*([\d.]+)\s*)?$/i.exec(item) ?? [];
    if (name !== undefined) weights.set(name.toLowerCase(), Number(weight));
  }
  const weightOf = (name: string): number => weights.get(name) ?? weights.get('*') ?? 0;
  let most = 0;
  let best: Offered | undefined;
  for (const encoding of offered) {
    if (weightOf(encoding) <= most) continue;
    best = encoding;
    most = weightOf(encoding);
  }
  // Who would rather have it as it is says so by name.
  return (weights.get('identity') ?? 0) > most ? undefined : best;
}
