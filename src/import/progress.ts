import { basename } from 'node:path';
import cliProgress from 'cli-progress';
import type { ImportProblem, ImportProgress } from './import-irc.ts';

/** Where progress is shown: standard error, whose `isTTY` says whether somebody is looking at it. */
export interface ProgressOutput {
  readonly isTTY?: boolean | undefined;
  write(text: string): unknown;
}

export interface ProgressDisplay {
  progress(progress: ImportProgress): void;
  problem(problem: ImportProblem): void;
  /** Leaves the last state standing. */
  stop(): void;
}

/** How often a line is written where nobody looks at a bar. */
const plainIntervalMilliseconds = 1_000;
const redrawsPerSecond = 10;

/**
 * Shows how far an import is, with lines a second and the time that remains: a bar on a terminal, otherwise a line a second
 * at most. Problems are lines of their own and never tear the bar.
 */
export function createProgressDisplay(output: NodeJS.WritableStream & ProgressOutput): ProgressDisplay {
  return output.isTTY === true ? bar(output) : plainLines(output);
}

/** Lines a second and seconds to go, by the average so far. */
export function estimate(lines: number, totalLines: number, seconds: number): { rate: number; remaining: number } {
  const rate = seconds > 0 ? lines / seconds : 0;
  return { rate: Math.round(rate), remaining: rate > 0 ? Math.ceil((totalLines - lines) / rate) : 0 };
}

function bar(output: NodeJS.WritableStream): ProgressDisplay {
  const started = performance.now();
  const problems: string[] = [];
  const single = new cliProgress.SingleBar({
    stream: output,
    fps: redrawsPerSecond,
    hideCursor: true,
    gracefulExit: false,
    format: (options, { progress, value, total }, payload: { file: string }) => {
      const { rate, remaining } = estimate(value, total, (performance.now() - started) / 1_000);
      const drawn = cliProgress.Format.BarFormat(progress, options);
      return `${drawn} ${Math.floor(progress * 100)} %  ${value}/${total} lines  ${rate}/s  ${remaining} s left  ${payload.file}`;
    },
  });
  let isShown = false;

  return {
    progress({ file, lines, totalLines }) {
      if (!isShown) single.start(totalLines, lines, { file: basename(file) });
      isShown = true;
      for (const problem of problems.splice(0)) output.write(`\r\x1b[K${problem}\n`);
      single.update(lines, { file: basename(file) });
    },
    problem(problem) {
      problems.push(formatProblem(problem));
    },
    stop() {
      if (isShown) single.stop();
      for (const problem of problems.splice(0)) output.write(`${problem}\n`);
    },
  };
}

function plainLines(output: ProgressOutput): ProgressDisplay {
  const started = performance.now();
  let last = started;

  return {
    progress({ file, lines, totalLines }) {
      const now = performance.now();
      if (now - last < plainIntervalMilliseconds) return;
      last = now;
      const { rate, remaining } = estimate(lines, totalLines, (now - started) / 1_000);
      output.write(`${lines}/${totalLines} lines, ${rate}/s, ${remaining} s left, ${file}\n`);
    },
    problem(problem) {
      output.write(`${formatProblem(problem)}\n`);
    },
    stop() {},
  };
}

const formatProblem = ({ file, line, reason }: ImportProblem): string => `${file}:${line}: ${reason}`;
