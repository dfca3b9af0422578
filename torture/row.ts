export interface TortureOptions {
  /** How often each fault happens. */
  readonly rounds: number;
  /** Of everything that is drawn at random. */
  readonly seed: number;
  readonly log: (line: string) => void;
}

export interface TortureResult {
  readonly runs: number;
  /** Runs in which something was not as the row promises. */
  readonly failures: number;
  /** Whether the row fails with its cure taken out: otherwise it would show nothing. */
  readonly controlFailed: boolean;
  readonly seed: number;
  readonly seconds: number;
}

/** A row of the scoreboard's reliability. */
export interface TortureRow {
  readonly name: string;
  readonly title: string;
  /** Rounds of the long form, and of one that ends within 45 s. */
  readonly rounds: { readonly long: number; readonly short: number };
  run(options: TortureOptions): Promise<TortureResult>;
}

export const holds = ({ failures, controlFailed }: TortureResult): boolean => failures === 0 && controlFailed;
