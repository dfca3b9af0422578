import cliProgress from 'cli-progress';
import type { Position } from '../ports/event-log.ts';

export type ShownProgress =
  | { readonly phase: 'filling'; readonly events: number; readonly reached: Position; readonly end: Position }
  | { readonly phase: 'comparing'; readonly groups: number; readonly found: number };

export interface RebuildDisplay {
  progress(progress: ShownProgress): void;
  /** A line of its own, which never tears the bar. */
  notice(text: string): void;
  /** Leaves the last state standing. */
  stop(): void;
}

/** How often a line is written where nobody looks at a bar. */
const plainIntervalMilliseconds = 1_000;
const redrawsPerSecond = 10;
/** A log's positions are numbers of its store's own: the bar shows how much of them is behind. */
const barTotal = 1_000;

/**
 * Shows how far a rebuild is, with events a second and the time that remains: a bar on a terminal, otherwise a line a
 * second at most. `now` is in milliseconds.
 */
export function createRebuildDisplay(
  output: NodeJS.WritableStream & { readonly isTTY?: boolean | undefined },
  now: () => number = () => performance.now(),
): RebuildDisplay {
  const started = now();
  const describe = (progress: ShownProgress): string => describeProgress(progress, (now() - started) / 1_000);
  return output.isTTY === true ? bar(output, describe) : plainLines(output, describe, now);
}

/** How much of the work is behind, from 0 to 1. */
export function shareOf(progress: ShownProgress): number {
  const [part, whole] =
    progress.phase === 'filling' ? [progress.reached + 1, progress.end + 1] : [progress.groups, progress.found];
  return whole <= 0 ? 1 : Math.min(1, Math.max(0, part / whole));
}

/** The rate and what remains are by the average so far. */
export function describeProgress(progress: ShownProgress, seconds: number): string {
  if (progress.phase === 'comparing') return `comparing: ${progress.groups}/${progress.found} groups`;
  const share = shareOf(progress);
  const rate = seconds > 0 ? Math.round(progress.events / seconds) : 0;
  const remaining = share > 0 ? Math.ceil((seconds * (1 - share)) / share) : 0;
  return `filling: ${Math.floor(share * 100)} %, ${progress.events} events, ${rate}/s, ${remaining} s left`;
}

function bar(output: NodeJS.WritableStream, describe: (progress: ShownProgress) => string): RebuildDisplay {
  let last: ShownProgress | undefined;
  const single = new cliProgress.SingleBar({
    stream: output,
    fps: redrawsPerSecond,
    hideCursor: true,
    gracefulExit: false,
    format: (options, { progress }) =>
      `${cliProgress.Format.BarFormat(progress, options)} ${last === undefined ? '' : describe(last)}`,
  });
  return {
    progress(progress) {
      const isFirst = last === undefined;
      last = progress;
      if (isFirst) single.start(barTotal, 0);
      single.update(Math.floor(shareOf(progress) * barTotal));
    },
    notice(text) {
      output.write(last === undefined ? `${text}\n` : `\r\x1b[K${text}\n`);
    },
    stop() {
      if (last !== undefined) single.stop();
    },
  };
}

function plainLines(
  output: NodeJS.WritableStream,
  describe: (progress: ShownProgress) => string,
  now: () => number,
): RebuildDisplay {
  let lastLineAt = now();
  return {
    progress(progress) {
      if (now() - lastLineAt < plainIntervalMilliseconds) return;
      lastLineAt = now();
      output.write(`${describe(progress)}\n`);
    },
    notice: (text) => void output.write(`${text}\n`),
    stop() {},
  };
}
