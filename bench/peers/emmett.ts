import { whyNotInstalled } from '../install-peers.ts';
import type { AbsentPeer, Contestant } from '../row.ts';

/**
 * The part of emmett-sqlite 0.38.5 that the bench uses. Written out, not imported: the product's typecheck must pass where
 * the peers are not installed.
 */
export interface EmmettSqlite {
  getSQLiteEventStore(options: { readonly fileName: string }): EmmettStore;
  sqliteConnection(options: { readonly fileName: string }): EmmettConnection;
  createEventStoreSchema(connection: EmmettConnection): Promise<void>;
  appendToStream(
    connection: EmmettConnection,
    streamName: string,
    streamType: string,
    events: readonly EmmettEvent[],
    options: { readonly expectedStreamVersion: bigint },
  ): Promise<{ readonly success: boolean; readonly nextStreamPosition?: bigint }>;
}

export interface EmmettEvent {
  readonly type: string;
  readonly data: object;
  readonly metadata?: object;
}

export interface EmmettStore {
  appendToStream(
    streamName: string,
    events: readonly EmmettEvent[],
    options: { readonly expectedStreamVersion?: bigint },
  ): Promise<{ readonly nextExpectedStreamVersion: bigint }>;
  consumer(options: { readonly pulling?: { readonly batchSize?: number; readonly pullingFrequencyInMs?: number } }): {
    processor(options: EmmettProcessor): unknown;
    start(): Promise<void>;
  };
}

export interface EmmettProcessor {
  readonly processorId: string;
  readonly startFrom: 'BEGINNING';
  readonly eachMessage: (message: EmmettEvent, context: { readonly connection: EmmettConnection }) => Promise<void>;
  readonly stopAfter: (message: { readonly metadata: { readonly globalPosition: bigint } }) => boolean;
}

export interface EmmettConnection {
  command(sql: string, values?: readonly unknown[]): Promise<unknown>;
  close(): void;
}

const packageName: string = '@event-driven-io/emmett-sqlite';

export async function loadEmmett(): Promise<EmmettSqlite> {
  return (await import(packageName)) as EmmettSqlite;
}

/** The peers that stand on emmett, or one line that says why there are none. */
export function emmettPeers(contestants: readonly Contestant[]): {
  readonly contestants: readonly Contestant[];
  readonly absent: readonly AbsentPeer[];
} {
  const reason = whyNotInstalled(packageName);
  if (reason === undefined) return { contestants, absent: [] };
  return { contestants: [], absent: contestants.map(({ name }) => ({ name, reason })) };
}
