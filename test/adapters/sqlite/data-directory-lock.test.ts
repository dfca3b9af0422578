import { spawn } from 'node:child_process';
import { once } from 'node:events';
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
