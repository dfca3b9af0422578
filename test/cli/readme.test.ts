import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { temporaryDirectory } from '../adapters/sqlite/temporary-directory.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const printedAddress = '127.0.0.1:4000';

/** The indented blocks of the README's first conversation, in order. */
async function printedBlocks(): Promise<readonly string[]> {
  const readme = await readFile(`${root}/README.md`, 'utf8');
  const [, conversation = ''] = /## A first conversation\n(.*?)\n## /s.exec(readme) ?? [];
  return [...conversation.matchAll(/(?:^ {4}.*\n(?:\n(?= {4}))?)+/gm)].map(([block]) =>
    block.replaceAll(/^ {4}/gm, ''),
  );
}

/** Starts a shell in the project's directory; it and what it starts end with the test. */
function shell(script: string, dataDirectory: string) {
  const child = spawn('bash', ['-euo', 'pipefail', '-c', script], {
    cwd: root,
    env: { ...process.env, HIGHWATER_DATA: dataDirectory, HIGHWATER_PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  });
  return { child, lines: createInterface({ input: child.stdout })[Symbol.asyncIterator]() };
}

// Its commands are those of a Unix shell.
it.skipIf(process.platform === 'win32')(
  'the README’s first conversation goes as it is printed',
  {
    timeout: 120_000,
  },
  async () => {
    const [start = '', ...others] = await printedBlocks();
    const lines = others.join('\n').split('\n');
    const isAnswer = (line: string) => line.startsWith('{"data":');
    const expected = lines.find(isAnswer) ?? '';
    const commands = lines.filter((line) => !isAnswer(line)).join('\n');
    expect(start.trim()).toBe('npm start');
    for (const part of ['sendMessage', 'markReadUpTo', 'readCount', 'graphql-ws']) expect(commands).toContain(part);

    const data = temporaryDirectory();
    const server = shell(start, data);
    try {
      let address: string | undefined;
      for await (const line of { [Symbol.asyncIterator]: () => server.lines }) {
        address = /(127\.0\.0\.1:\d+)/.exec(line)?.[1];
        if (address !== undefined) break;
      }
      const conversation = shell(commands.replaceAll(printedAddress, address ?? ''), data);
      const answers: string[] = [];
      for await (const line of { [Symbol.asyncIterator]: () => conversation.lines }) {
        answers.push(line);
        // The subscription goes on for ever: it has shown what there is.
        if (line.includes('MessageAdded')) break;
      }
      process.kill(-(conversation.child.pid ?? 0), 'SIGKILL');
      const [created, sent, marked, read, ...items] = answers.map((line) => JSON.parse(line) as unknown);
      expect(created).toMatchObject({ data: { createGroup: { position: expect.any(String) } } });
      expect(sent).toMatchObject({ data: { sendMessage: { message: { seq: 1, audienceCount: 1 } } } });
      expect(marked).toEqual({ data: { markReadUpTo: { position: '3', refusals: [] } } });
      expect(read).toEqual(JSON.parse(expected));
      expect(items.at(-1)).toEqual({
        __typename: 'MessageAdded',
        version: expect.any(Number),
        message: { seq: 1, text: 'Soup or salad?', author: { name: 'Alice' } },
      });
    } finally {
      process.kill(-(server.child.pid ?? 0), 'SIGTERM');
      await once(server.child, 'close');
    }
  },
);
