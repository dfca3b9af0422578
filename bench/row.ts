import type { ServerUrls } from './servers.ts';

/** One side of a row. `run` measures once and answers in the row's unit. */
export interface Contestant {
  /** `ours`, `limit`, or a name of its own. */
  readonly name: string;
  /** `variant`: ours in another form, shown and never judged. */
  readonly kind: 'ours' | 'variant' | 'limit' | 'peer';
  /** What it is, for the table. */
  readonly title: string;
  run(): Promise<number>;
}

/** A peer that cannot take part here, and why. */
export interface AbsentPeer {
  readonly name: string;
  readonly reason: string;
}

/** A demand on the ratio between ours and one other contestant. */
export interface Reach {
  readonly against: string;
  /** Which way the ratio is taken: what the demand says is then "at least" or "at most". */
  readonly ratio: 'ours / other' | 'other / ours';
  readonly bound: 'at least' | 'at most';
  readonly value: number;
}

export interface RowOptions {
  /** A small form that ends within 45 s. */
  readonly short: boolean;
  /** An empty folder of this row's own, removed afterwards. */
  readonly directory: string;
  /** Where ours is to run instead of on embedded stores; never given to a row without a server form. */
  readonly servers?: ServerUrls | undefined;
}

/** A row that is ready to be measured. */
export interface Prepared {
  readonly contestants: readonly Contestant[];
  readonly absent: readonly AbsentPeer[];
  /** Figures that belong to the row without being judged; asked for after the last run. */
  notes?(): Promise<readonly string[]> | readonly string[];
  close?(): Promise<void>;
}

/** A row of the scoreboard. */
export interface Row {
  readonly name: string;
  readonly title: string;
  readonly unit: string;
  readonly reaches: readonly Reach[];
  readonly hasServerForm: boolean;
  prepare(options: RowOptions): Promise<Prepared>;
}
