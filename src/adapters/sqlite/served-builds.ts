import { closeSync, fsyncSync, openSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BuildId } from '../../ports/read-model-builds.ts';

const fileIn = (folder: string): string => join(folder, 'served.json');

/** Which build is served, by schema version. None where nobody has said so, or the file is not one that says it. */
export function readServedBuilds(folder: string): ReadonlyMap<number, BuildId> {
  let text: string;
  try {
    text = readFileSync(fileIn(folder), 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return new Map();
    throw error;
  }
  return new Map(
    Object.entries(parsed(text)).flatMap(([version, id]) => (typeof id === 'string' ? [[Number(version), id]] : [])),
  );
}

function parsed(text: string): object {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}

/** Replaces what is said in one step, durably: after a crash, of the process or the machine, either stands there whole. */
export function writeServedBuilds(folder: string, builds: ReadonlyMap<number, BuildId>): void {
  const file = fileIn(folder);
  const next = `${file}.next`;
  writeFileSync(next, `${JSON.stringify(Object.fromEntries(builds))}\n`, { flush: true });
  renameSync(next, file);
  syncFile(folder);
}

/** Makes durable what a file holds, or what was created, renamed or removed in a directory, for which Windows has no call. */
export function syncFile(file: string): void {
  const isDirectory = statSync(file).isDirectory();
  if (isDirectory && process.platform === 'win32') return;
  const descriptor = openSync(file, isDirectory ? 'r' : 'r+');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
