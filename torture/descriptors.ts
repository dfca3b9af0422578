import { readdirSync, readlinkSync } from 'node:fs';

/**
 * How many files and sockets a process has open, but for those of the read models: they are a pool of connections, which is
 * as large as there were answers at once and has a bound of its own. 0 where the process has ended.
 */
export function openDescriptors(pid: number | 'self' | undefined): number {
  const folder = `/proc/${pid}/fd`;
  return listed(folder).filter((descriptor) => !target(`${folder}/${descriptor}`).includes('/read-models/')).length;
}

function listed(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** It may be closed by the time that it is looked at. */
function target(link: string): string {
  try {
    return readlinkSync(link);
  } catch {
    return '';
  }
}
