import { lockDataDirectory } from '../../../../src/adapters/sqlite/data-directory-lock.ts';

/** Takes the data directory in argv[2], says so, and holds it until it is killed. */
lockDataDirectory(process.argv[2] ?? '');
console.info('locked');
process.stdin.resume();
