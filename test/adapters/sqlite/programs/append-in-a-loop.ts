import { writeSync } from 'node:fs';
import { openSqliteEventLog } from '../../../../src/adapters/sqlite/event-log.ts';
import { deriveId } from '../../../../src/events/event-id.ts';
import { groupStream } from '../../../../src/events/stream-name.ts';
import { noStream } from '../../../../src/ports/event-log.ts';
import { marks } from '../../../contract/event-log-samples.ts';

/**
 * Appends to the log in argv[2] until it is killed, or until an append fails. Prints a line for each acknowledgement,
 * "<stream> <version> <position>", before the next append to the same stream; then the failures by name, and how an
 * append fails that is made after them.
 */

// Past the file size limit of a test this signal comes with the error; its default would be to end the process.
process.on('SIGXFSZ', () => {});

const log = await openSqliteEventLog({ file: process.argv[2] ?? '' });
const print = (line: string): void => {
  writeSync(1, `${line}\n`);
};

async function appendTo(index: number): Promise<void> {
  const stream = groupStream(`loop-${index}`);
  let version = (await log.readStreamBackwards(stream, undefined, 1))[0]?.version ?? noStream;
  for (;;) {
    const events = marks(version + 1, 1 + ((version + 1) % 3)).map((event, offset) => ({
      ...event,
      eventId: deriveId(stream, String(version + 1 + offset)),
    }));
    const result = await log.append(stream, version, events);
    if (result.kind === 'conflict') throw new Error(`conflict at ${result.actualVersion}`);
    version = result.version;
    print(`${stream} ${version} ${result.position}`);
  }
}

const outcomes = await Promise.allSettled(Array.from({ length: 8 }, (_, index) => appendTo(index)));
const later = await Promise.allSettled([log.append(groupStream('later'), noStream, marks(0, 1))]);
for (const outcome of [...outcomes, ...later]) {
  print(`failed ${outcome.status === 'rejected' ? outcome.reason.name : outcome.status}`);
}
await log.close();
