import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { DataDirectoryLocked, lockDataDirectory } from '../../../src/adapters/sqlite/data-directory-lock.ts';
import { temporaryDirectory } from './temporary-directory.ts';

test('a directory that is missing is created, and can be locked again once it is released', () => {
  const directory = join(temporaryDirectory(), 'new', 'data');
  const lock = lockDataDirectory(directory);
  expect(() => lockDataDirectory(directory)).toThrow(DataDirectoryLocked);
  lock.release();
  lock.release();
  lockDataDirectory(directory).release();
});

test('a directory that another process holds is refused with its name and the pid, until that process is killed', async () => {
  const directory = temporaryDirectory();
  const holder = spawn(process.execPath, [join(import.meta.dirname, 'programs', 'hold-data-directory.ts'), directory], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  onTestFinished(() => void holder.kill('SIGKILL'));
  await once(holder.stdout, 'data');
  const locking = () => lockDataDirectory(directory);
  expect(locking).toThrow(DataDirectoryLocked);
  expect(locking).toThrow(`${directory} is in use by process ${holder.pid}`);
  const exit = once(holder, 'exit');
  holder.kill('SIGKILL');
  await exit;
  locking().release();
});

test.skipIf(process.platform === 'win32')(
  'a directory whose lock may only be read is refused: SQLite would lock nothing there, without a word',
  async () => {
    const directory = temporaryDirectory();
    const file = join(directory, 'lock');
    writeFileSync(file, '', { mode: 0o444 });
    const user = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
    if (user.uid !== undefined) chownSync(directory, user.uid, user.gid);
    const program = join(import.meta.dirname, 'programs', 'hold-data-directory.ts');
    const child = spawn(process.execPath, [program, directory], { ...user, stdio: ['pipe', 'pipe', 'pipe'] });
    onTestFinished(() => void child.kill('SIGKILL'));
    child.stdout.once('data', () => child.kill('SIGKILL'));
    let errors = '';
    child.stderr.on('data', (chunk) => {
      errors += chunk;
    });
    expect(await once(child, 'close')).toEqual([1, null]);
    expect(errors).toContain(
      `DataDirectoryUnusable: the data directory ${directory} cannot be locked: attempt to write`,
    );
  },
);

test('the lock of a directory that is held leaves nothing in its file', () => {
  const directory = temporaryDirectory();
  const lock = lockDataDirectory(directory);
  lock.release();
  expect(statSync(join(directory, 'lock')).size).toBe(0);
  expect(existsSync(join(directory, 'lock.pid'))).toBe(false);
});
