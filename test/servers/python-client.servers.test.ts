import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { EventStoreDBClient, jsonEvent } from '@eventstore/db-client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { installPython } from './install-python.ts';
import { startWireServer, type WireServer } from './wire-server.ts';

const program = join(import.meta.dirname, 'python-client', 'client.py');
const requirements = join(import.meta.dirname, 'python-client', 'requirements.txt');
const installMilliseconds = 300_000;

/** One line of what the program says: which step, and what it got there. */
type Step = Readonly<Record<string, unknown>> & { readonly step: string };

/** Runs the program to its end; `onStep` is called at each step. */
async function runClient(
  python: string,
  url: string,
  onStep: (step: Step) => void,
): Promise<ReadonlyMap<string, Step>> {
  const child = spawn(python, [program, url], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'close');
  const steps = new Map<string, Step>();
  for await (const line of createInterface({ input: child.stdout })) {
    const step = JSON.parse(line) as Step;
    steps.set(step.step, step);
    onStep(step);
  }
  expect(await ended).toEqual([0, null]);
  return steps;
}

describe.each([
  ['a single node', (port: number) => `esdb://127.0.0.1:${port}?Tls=False`],
  ['discovery by gossip', (port: number) => `esdb+discover://127.0.0.1:${port}?Tls=False`],
])('the Python client, connected to %s', (_, urlOf) => {
  let server: WireServer | undefined;
  let steps: ReadonlyMap<string, Step>;

  beforeAll(async () => {
    const python = await installPython(requirements);
    server = await startWireServer();
    const client = EventStoreDBClient.connectionString([server.url] as unknown as TemplateStringsArray);
    steps = await runClient(python, urlOf(server.port), ({ step }) => {
      // Somebody else's client appends what the subscription is still to bring.
      const last = jsonEvent({ type: 'Last', data: {} });
      if (step === 'caughtUp') void client.appendToStream('python-2', [last, jsonEvent({ type: 'After', data: {} })]);
    });
    await client.dispose();
  }, installMilliseconds);
  afterAll(() => server?.stop());

  test('connects to the node that was named', () => {
    expect(steps.get('connected')).toMatchObject({ target: `127.0.0.1:${server?.port}` });
  });

  test('appends, repeats and is refused', () => {
    expect(steps.get('appended')).toMatchObject({
      sameAgain: true,
      stale: 'WrongCurrentVersionError',
      tooLarge: 'MaximumAppendSizeExceededError',
    });
  });

  test('reads streams and $all, both ways and filtered', () => {
    expect(steps.get('read')).toEqual({
      step: 'read',
      first: [
        expect.objectContaining({ type: 'Numbered', data: '{"n": 1}', metadata: '{"from":"python"}' }),
        expect.objectContaining({ type: 'Blob', data: '\u0000ÿþ', contentType: 'application/octet-stream' }),
      ],
      forwards: ['python-1@1', 'python-1@2', 'python-1@3', 'python-1@4'],
      backwards: ['python-1@4', 'python-1@3'],
      missing: 'NotFoundError',
      all: ['python-1@0', 'python-1@1', 'python-1@2', 'python-1@3', 'python-1@4', 'other-1@0'],
      allBackwards: ['other-1@0', 'python-1@4'],
      ofType: ['python-1@1'],
      ofStream: ['other-1@0'],
      version: 4,
    });
  });

  test('catches up with a filtered subscription, goes on live, and resumes', () => {
    const before = ['python-1@0', 'python-1@1', 'python-1@2', 'python-1@3', 'python-1@4'];
    expect(steps.get('caughtUp')).toMatchObject({ heard: before });
    expect(steps.get('live')).toMatchObject({ heard: ['python-2@0'] });
    expect(steps.get('resumed')).toMatchObject({ heard: ['python-2@1'] });
    expect(steps.get('stream')).toMatchObject({ heard: ['python-1@4'] });
  });
});
