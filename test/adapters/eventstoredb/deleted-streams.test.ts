import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openEventStoreLog } from '../../../src/adapters/eventstoredb/event-log.ts';
import { decodeRecorded } from '../../../src/events/decode-recorded.ts';
import {
  type EventLog,
  noStream,
  type RecordedEvent,
  StreamDeleted,
  startOfLog,
} from '../../../src/ports/event-log.ts';
import { type ScriptedServer, startScriptedServer } from '../../../torture/scripted/server.ts';
import { marks } from '../../contract/event-log-samples.ts';

/** What EventStoreDB lets operators do to streams, as a real one shows it. */

let server: ScriptedServer;
let log: EventLog;

beforeEach(async () => {
  server = await startScriptedServer();
  log = await openEventStoreLog({ url: server.url });
  await log.append('reads-a', noStream, marks(0, 6));
  await log.append('reads-b', noStream, marks(0, 2));
});
afterEach(async () => {
  await log.close();
  server.stop();
});

async function followed(): Promise<readonly RecordedEvent[]> {
  const events: RecordedEvent[] = [];
  for await (const batch of log.subscribe(startOfLog, new AbortController().signal)) {
    events.push(...batch.events);
    if (batch.caughtUp) break;
  }
  return events;
}

const versions = (events: readonly RecordedEvent[], streamName = 'reads-a') =>
  events.filter((event) => event.streamName === streamName).map(({ version }) => version);

describe('a stream that was deleted for good', () => {
  beforeEach(() => server.log.tombstone('reads-a'));

  test('is refused as that, whatever is asked of it, and at once', async () => {
    for (const refused of [
      log.readStream('reads-a', 0, 10),
      log.readStreamBackwards('reads-a', undefined, 1),
      log.append('reads-a', 5, marks(6, 1)),
      log.append('reads-a', noStream, marks(0, 1)),
    ]) {
      await expect(refused).rejects.toThrow(StreamDeleted);
      await expect(refused).rejects.toThrow('reads-a was deleted for good');
    }
    expect(versions(await log.readStream('reads-b', 0, 10), 'reads-b')).toEqual([0, 1]);
  });

  test('ends in the log with an event that says so, which is all of it after a scavenge', async () => {
    for (const left of [[0, 1, 2, 3, 4, 5], []]) {
      const events = await followed();
      expect(versions(events)).toEqual([...left, Number.MAX_SAFE_INTEGER]);
      const mark = events.at(-1);
      if (mark === undefined) throw new Error('nothing came');
      expect(() => decodeRecorded(mark)).toThrow('reads-a was deleted for good ($streamDeleted)');
      expect(events).toEqual(await log.readAll(startOfLog, 100));
      server.log.scavenge();
    }
  });
});

describe('a stream whose beginning was let go of', () => {
  beforeEach(() => server.log.truncateBefore('reads-a', 4));

  test('is read from where it begins now, in the log only after a scavenge', async () => {
    expect(versions(await log.readStream('reads-a', 0, 10))).toEqual([4, 5]);
    expect(versions(await log.readStreamBackwards('reads-a', undefined, 10))).toEqual([5, 4]);
    expect(versions(await followed())).toEqual([0, 1, 2, 3, 4, 5]);
    server.log.scavenge();
    expect(versions(await followed())).toEqual([4, 5]);
    expect(versions(await log.readAll(startOfLog, 100))).toEqual([4, 5]);
  });

  test('is appended to as before', async () => {
    expect(await log.append('reads-a', 5, marks(6, 1))).toMatchObject({ kind: 'appended', version: 6 });
    expect(await log.append('reads-a', 5, marks(6, 1))).toMatchObject({ kind: 'appended', version: 6 });
    expect(await log.append('reads-a', 5, marks(7, 1))).toEqual({ kind: 'conflict', actualVersion: 6 });
  });
});

test('a stream that was deleted, though not for good, is no new one: an append to it is no success at its first version', async () => {
  server.log.truncateBefore('reads-a', 6);
  expect(await log.readStream('reads-a', 0, 10)).toEqual([]);
  // The server takes it for one that is missing, and goes on with its versions.
  expect(await log.append('reads-a', noStream, marks(20, 1))).toEqual({ kind: 'conflict', actualVersion: 6 });
});
