import { openSqliteEventLogReader } from '../../../../src/adapters/sqlite/event-log.ts';

/** Opens a reader of the log in argv[2] and never closes it: the process is to end all the same. */
const log = await openSqliteEventLogReader({ file: process.argv[2] ?? '' });
console.info(await log.endPosition());
