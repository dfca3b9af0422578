import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { arch, cpus, platform } from 'node:os';
import { join } from 'node:path';
import { formatNumber, type JudgedRatio, type RowResult } from './measure.ts';

const resultsFolder = join(import.meta.dirname, 'results');
const summaryFile = join(resultsFolder, 'summary.md');

/** The one line of `--json`. */
export function jsonLine({ row, unit, stores, figures, ratios, absent, reached }: RowResult): string {
  const medianOf = (name: string) => figures.find((figure) => figure.name === name)?.median ?? null;
  const byName = (kind: string) =>
    Object.fromEntries(
      figures.filter((figure) => figure.kind === kind).map(({ name, median }) => [name, round(median)]),
    );
  const { limit, ...otherLimits } = byName('limit');
  return JSON.stringify({
    row,
    ...(stores !== undefined && { stores: `on ${stores}` }),
    ours: round(medianOf('ours') ?? Number.NaN),
    unit,
    limit: limit ?? null,
    ...(Object.keys(otherLimits).length > 0 && { otherLimits }),
    peers: byName('peer'),
    ...(figures.some(({ kind }) => kind === 'variant') && { variants: byName('variant') }),
    ...(absent.length > 0 && { notInstalled: Object.fromEntries(absent.map(({ name, reason }) => [name, reason])) }),
    ratios: Object.fromEntries(ratios.map(({ against, median }) => [against, round(median)])),
    reached,
  });
}

function round(value: number): number {
  return Number(value.toPrecision(4));
}

/** Why a row does not hold: each ratio that falls short, and by how much. Empty where it holds. */
export function shortfalls({ row: name, stores, ratios, figures }: RowResult): readonly string[] {
  const row = stores === undefined ? name : `${name} on servers`;
  if (!figures.some(({ name }) => name === 'ours')) return [`${row}: ours could not be measured`];
  return ratios.flatMap(({ against, ratio, demand, holds, median }) => {
    if (holds || demand === undefined) return [];
    const share = demand.bound === 'at least' ? 1 - median / demand.value : median / demand.value - 1;
    const percent = `${formatNumber(100 * share)} % ${demand.bound === 'at least' ? 'too low' : 'too high'}`;
    return [
      `${row}: ${ratio.replace('other', against)} is ${formatNumber(median)}, must be ${demand.bound} ${demand.value}: ${percent}`,
    ];
  });
}

/** A row as a table of Markdown. */
export function rowTable(result: RowResult): string {
  const { row, title, unit, stores, figures, ratios, absent, notes, reached, short } = result;
  const lines = [
    `### ${row}${stores === undefined ? '' : ' on servers'}: ${title}`,
    '',
    `${reached ? 'Reached' : 'Not reached'}${stores === undefined ? '' : `, on ${stores}`}${short ? ' (short form: one run)' : ''}${absent.length > 0 ? ', judged without the peers that are not installed' : ''}.`,
    '',
    `| | ${unit}, median (min – max) | ratio, median (min – max) | demand |`,
    '|---|---|---|---|',
  ];
  for (const { name, title: what, median, minimum, maximum } of figures) {
    const ratio = ratios.find(({ against }) => against === name);
    const value = `${formatNumber(median)} (${formatNumber(minimum)} – ${formatNumber(maximum)})`;
    lines.push(
      `| ${name}: ${what} | ${value} | ${ratio ? ratioCell(ratio) : ''} | ${ratio ? demandCell(ratio) : ''} |`,
    );
  }
  for (const { name, reason } of absent) lines.push(`| ${name} | not installed: ${reason} | | |`);
  if (notes.length > 0) lines.push('', ...notes.map((note) => `- ${note}`));
  const missed = shortfalls(result);
  if (missed.length > 0) lines.push('', ...missed.map((line) => `- **${line}**`));
  return `${lines.join('\n')}\n`;
}

function ratioCell({ ratio, against, median, minimum, maximum }: JudgedRatio): string {
  return `${ratio.replace('other', against)} = ${formatNumber(median)} (${formatNumber(minimum)} – ${formatNumber(maximum)})`;
}

function demandCell({ demand, holds }: JudgedRatio): string {
  return demand === undefined ? 'shown, not judged' : `${demand.bound} ${demand.value}: ${holds ? 'yes' : 'no'}`;
}

/** Writes the row's file and the summary of every row's file that is there. A short form leaves the files alone. */
export function writeResults(result: RowResult): void {
  if (result.short) return;
  mkdirSync(resultsFolder, { recursive: true });
  const machine = `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, ${platform()}-${arch()}, Node ${process.versions.node}`;
  const stored = { ...result, machine, measuredAt: new Date().toISOString() };
  writeFileSync(
    join(resultsFolder, `${result.row}${result.stores === undefined ? '' : '-servers'}.json`),
    `${JSON.stringify(stored, null, 2)}\n`,
  );
  const rows = readdirSync(resultsFolder)
    .filter((name) => name.endsWith('.json'))
    .map((name) => JSON.parse(readFileSync(join(resultsFolder, name), 'utf8')) as typeof stored)
    .sort((a, b) => a.row.localeCompare(b.row, 'en', { numeric: true }) || (a.stores === undefined ? -1 : 1));
  const tables = rows.map((row) => `${rowTable(row)}\nMeasured ${row.measuredAt} on ${row.machine}.\n`);
  writeFileSync(summaryFile, `# What the numbers showed\n\n${tables.join('\n')}`);
}
