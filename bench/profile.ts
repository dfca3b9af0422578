import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { formatNumber } from './measure.ts';

/** What a part of the work is called, and the files that do it. */
export type Parts = readonly (readonly [part: string, files: RegExp])[];

interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string };
    readonly children?: readonly number[];
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

/** Flags that have Node leave a profile of every thread in a folder. */
export const profilingFlags = (folder: string): readonly string[] => ['--cpu-prof', `--cpu-prof-dir=${folder}`];

/**
 * One line a thread: how many microseconds of an event's each part took, the most first. A sample belongs to the part whose
 * file is nearest to what ran; what Node and SQLite do themselves belongs to whoever has called them.
 */
export async function describeProfiles(folder: string, parts: Parts, events: number): Promise<readonly string[]> {
  const lines: string[] = [];
  for (const name of (await readdir(folder)).toSorted(byThread)) {
    const profile = JSON.parse(await readFile(join(folder, name), 'utf8')) as CpuProfile;
    const microseconds = byPart(profile, parts);
    const total = [...microseconds.values()].reduce((sum, one) => sum + one, 0);
    const each = [...microseconds].sort(([, a], [, b]) => b - a);
    const shown = each.map(([part, one]) => `${part} ${formatNumber(one / events)}`).join(', ');
    const thread = threadOf(name) === 0 ? 'the main thread' : `thread ${threadOf(name)}`;
    lines.push(`Profiled, ${thread}: ${formatNumber(total / events)} µs an event: ${shown}.`);
  }
  return lines;
}

/** CPU.<date>.<time>.<process>.<thread>.<number>.cpuprofile */
const threadOf = (name: string): number => Number(name.split('.')[4]);
const byThread = (a: string, b: string): number => threadOf(a) - threadOf(b);

function byPart({ nodes, samples, timeDeltas }: CpuProfile, parts: Parts): ReadonlyMap<string, number> {
  const partOfNode = new Map<number, string | undefined>();
  const children = new Map(nodes.map(({ id, children: of = [] }) => [id, of]));
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
  const root = nodes[0]?.id ?? 0;
  const waiting: [id: number, above: string | undefined][] = [[root, undefined]];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const [id, above] = next;
    const { functionName = '', url = '' } = frames.get(id) ?? {};
    const own = functionName === '(garbage collector)' ? 'garbage' : parts.find(([, files]) => files.test(url))?.[0];
    const part = functionName === '(idle)' ? undefined : (own ?? above ?? 'other');
    partOfNode.set(id, part);
    for (const child of children.get(id) ?? []) waiting.push([child, own ?? above]);
  }
  const microseconds = new Map<string, number>();
  for (const [index, sample] of samples.entries()) {
    const part = partOfNode.get(sample);
    if (part !== undefined) microseconds.set(part, (microseconds.get(part) ?? 0) + (timeDeltas[index] ?? 0));
  }
  return microseconds;
}
