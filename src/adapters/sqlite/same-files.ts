import { statSync } from 'node:fs';

/** Which file stands under a name: one that takes another's place is another one. Undefined where there is no file. */
export function identityOf(file: string): string | undefined {
  const stats = statSync(file, { bigint: true, throwIfNoEntry: false });
  return stats?.isFile() ? `${stats.dev} ${stats.ino}` : undefined;
}

/**
 * Says which of the files is no longer the one that stood under its name when it was first seen. A file that is removed or
 * replaced while it is open can be written and synced as before, and all of that is gone with the process.
 */
export function watchSameFiles(files: readonly string[]): () => string | undefined {
  const seen = new Map<string, string>();
  return () =>
    files.find((file) => {
      const identity = identityOf(file);
      const before = seen.get(file);
      if (before === undefined && identity !== undefined) seen.set(file, identity);
      return before !== undefined && before !== identity;
    });
}
