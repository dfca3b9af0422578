import { execFile } from 'node:child_process';
import { hash } from 'node:crypto';
import { mkdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const cache = join(import.meta.dirname, '..', '..', '.cache', 'python');

/**
 * The Python of an environment that holds exactly the packages that a file of requirements names, and is kept between
 * runs. Throws an error that says what is missing.
 */
export async function installPython(requirements: string): Promise<string> {
  const { stdout: version } = await python3('--version');
  const key = hash('sha256', version + (await readFile(requirements, 'utf8'))).slice(0, 16);
  const environment = join(cache, key);
  const isThere = () =>
    stat(environment).then(
      () => true,
      () => false,
    );
  if (!(await isThere())) {
    await mkdir(cache, { recursive: true });
    // Under a name of its own until it is whole: two may install at once, and an installation may be interrupted.
    const unfinished = `${environment}.${process.pid}`;
    await rm(unfinished, { recursive: true, force: true });
    await python3('-m', 'venv', unfinished);
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', requirements];
    await run(join(unfinished, 'bin', 'python'), pip);
    await rename(unfinished, environment).catch(async (error: unknown) => {
      await rm(unfinished, { recursive: true, force: true });
      if (!(await isThere())) throw error;
    });
  }
  return join(environment, 'bin', 'python');
}

async function python3(...args: readonly string[]): Promise<{ stdout: string }> {
  return run('python3', args).catch((error: unknown) => {
    throw new Error(`these tests need Python 3 with venv: \`python3 ${args.join(' ')}\` has failed`, { cause: error });
  });
}
