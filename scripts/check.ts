import { spawnSync } from 'node:child_process';

/** All checks in one command: types, lint and format. Every one runs, so that one look shows all that is wrong. */
const checks = [
  ['tsc', '-p', '.'],
  ['biome', 'check', '--error-on-warnings', '.'],
] as const;

const failed = checks.filter(([program, ...args]) => {
  process.stdout.write(`> ${program} ${args.join(' ')}\n`);
  return (
    spawnSync(`node_modules/.bin/${program}`, args, { stdio: 'inherit', shell: process.platform === 'win32' })
      .status !== 0
  );
});
process.exitCode = failed.length === 0 ? 0 : 1;
