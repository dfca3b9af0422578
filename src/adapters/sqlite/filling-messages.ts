import { BuildGone } from '../../ports/read-model-builds.ts';
import { LeaseLost, ReadModelsCorrupt, ReadModelsUnavailable, ReadModelsUnwritable } from '../../ports/read-models.ts';
import type { Checkpoint } from '../../ports/row-store.ts';
import type { GroupValues } from './row-values.ts';

/** What the thread that commits is told, one thing at a time. */
export type FillingMessage =
  | { readonly kind: 'commit'; readonly groups: readonly GroupValues[]; readonly checkpoint: Checkpoint }
  | { readonly kind: 'close' };

export type FillingReply = { readonly kind: 'committed' } | { readonly kind: 'failed'; readonly failure: Failure };

/** An error as it crosses from one thread to the other, where its class is lost: of which of these it is. */
export interface Failure {
  readonly kind: number;
  readonly message: string;
}

const kinds = [LeaseLost, ReadModelsCorrupt, ReadModelsUnwritable, ReadModelsUnavailable, BuildGone, Error];

export const packError = (error: unknown): Failure => ({
  kind: kinds.findIndex((kind) => error instanceof kind),
  message: error instanceof Error ? error.message : String(error),
});

export const unpackError = ({ kind, message }: Failure): Error => new (kinds[kind] ?? Error)(message);
