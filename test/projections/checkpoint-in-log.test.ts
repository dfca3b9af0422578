import { beforeEach, describe, expect, test, vi } from 'vitest';
import { groupStream } from '../../src/events/stream-name.ts';
import { LogUnavailable, startOfLog } from '../../src/ports/event-log.ts';
import type { Checkpoint } from '../../src/ports/row-store.ts';
import { CheckpointNotInLog, requireCheckpointInLog } from '../../src/projections/checkpoint-in-log.ts';
import { checkpointAt } from '../../src/projections/projection-batch.ts';
import { createInMemoryEventLog, type InMemoryEventLog } from '../fakes/in-memory-event-log.ts';
import { created, createWriter, renamed, start } from './projection-under-test.ts';
import { appendTo } from './recorded-events.ts';

const stream = groupStream('g');
let log: InMemoryEventLog;
let checkpoint: Checkpoint;

beforeEach(async () => {
  log = createInMemoryEventLog();
  await appendTo(log, groupStream('other'), created('other'));
  await appendTo(log, stream, created('g'), renamed, renamed);
  checkpoint = checkpointAt(log.all[2] ?? expect.fail());
});

const named = (name: string) => ({ type: 'GroupRenamed', data: { name } }) as const;

describe('read models of this log', () => {
  test('are taken, wherever in it they are', async () => {
    for (const recorded of log.all) await requireCheckpointInLog(log, checkpointAt(recorded));
    await requireCheckpointInLog(log, { position: startOfLog, event: undefined });
    await requireCheckpointInLog(createInMemoryEventLog(), { position: startOfLog, event: undefined });
  });

  test('are taken where their event was cut off its stream since', async () => {
    const cut = {
      ...log,
      readStream: async (name: string, from: number, limit: number) =>
        (await log.readStream(name, 0, 99)).filter(({ version }) => version >= Math.max(from, 2)).slice(0, limit),
    };
    await requireCheckpointInLog(cut, checkpoint);
    // Cut off up to its end.
    await requireCheckpointInLog({ ...log, readStream: async () => [] }, checkpoint);
  });
});

test('read models are taken where the stream of their event was deleted since, and the log still has it in its order', async () => {
  const deleted = { ...log, readStream: async () => [], readStreamBackwards: async () => [] };
  await requireCheckpointInLog(deleted, checkpoint);
  await requireCheckpointInLog(deleted, checkpointAt(log.all[0] ?? expect.fail()));
});

describe('read models of another log', () => {
  const refused = async (reason: RegExp): Promise<void> => {
    await expect(requireCheckpointInLog(log, checkpoint)).rejects.toThrow(CheckpointNotInLog);
    await expect(requireCheckpointInLog(log, checkpoint)).rejects.toThrow(reason);
  };

  test('are refused where the log ends before them', async () => {
    log.restore(2);
    await refused(/the log ends at \d+\. It was restored/);
  });

  test('are refused where the log was restored from a backup and its stream has grown past them', async () => {
    log.restore(2);
    await appendTo(log, stream, named('otherwise'), named('and on'), named('and on'));
    // The ids of the same events would be the same: these were ordered by somebody else.
    const other = { ...checkpoint, event: { streamName: stream, version: 1, eventId: 'the one of before' } };
    await expect(requireCheckpointInLog(log, other)).rejects.toThrow(
      /version 1 of group-g is event .*, not the one of before/,
    );
  });

  test('are refused where their event’s stream is not there at all, as in a log that never had it', async () => {
    const scavenged = log.all.filter(({ streamName }) => streamName !== stream);
    const gone = {
      ...log,
      readStream: async () => [],
      readStreamBackwards: async () => [],
      readAll: async (after: number) => scavenged.filter(({ position }) => position > after),
      readAllBackwards: async () => scavenged.toReversed(),
    };
    await expect(requireCheckpointInLog(gone, checkpoint)).rejects.toThrow(/group-g has no version 1/);
    // A server that refuses to read at a place of another log.
    const refusing = { ...gone, readAllBackwards: () => Promise.reject(new LogUnavailable('no such place')) };
    await expect(requireCheckpointInLog(refusing, checkpoint)).rejects.toThrow(/group-g has no version 1/);
    const away = { ...refusing, endPosition: vi.fn(log.endPosition).mockRejectedValue(new LogUnavailable('away')) };
    away.endPosition.mockResolvedValueOnce(await log.endPosition());
    await expect(requireCheckpointInLog(away, checkpoint)).rejects.toThrow(LogUnavailable);
  });

  test('are refused where the log has grown past them in other streams alone', async () => {
    log.restore(2);
    await appendTo(log, groupStream('other'), renamed, renamed, renamed, renamed);
    await refused(/group-g has no version 1/);
  });
});

test('a log that is away says nothing of its read models', async () => {
  const away = { ...log, endPosition: () => Promise.reject(new LogUnavailable('away')) };
  await expect(requireCheckpointInLog(away, checkpoint)).rejects.toThrow(LogUnavailable);
});

test('a projection whose read models are of another log begins nothing and says so', async () => {
  const { writer, rows, commits } = createWriter();
  rows.checkpoint = checkpoint;
  log.restore(2);
  await appendTo(log, groupStream('other'), renamed, renamed, renamed, renamed);
  const told: number[] = [];
  const { ended } = start({ log, writer, onCheckpoint: (position) => told.push(position) });
  await expect(ended).rejects.toThrow(CheckpointNotInLog);
  expect({ commits, told }).toEqual({ commits: [], told: [] });
});
