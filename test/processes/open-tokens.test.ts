import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { openTokens } from '../../src/processes/open-tokens.ts';
import { StartRefused } from '../../src/processes/start-refused.ts';

function temporaryConfig() {
  const directory = mkdtempSync(join(tmpdir(), 'highwater-tokens-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return { config: readConfig({ HIGHWATER_DATA: directory }), directory, file: join(directory, 'jwt-secret') };
}

test('many that start together for the first time agree on one key, which only its owner may read', async () => {
  const { config, directory, file } = temporaryConfig();
  const all = await Promise.all(Array.from({ length: 16 }, () => openTokens(config)));
  const [first] = all;
  const token = await first?.issue({ userId: 'ada' }, 60);
  for (const tokens of all) expect(await tokens.verify(`Bearer ${token}`)).toMatchObject({ userId: 'ada' });
  expect(readdirSync(directory)).toEqual(['jwt-secret']);
  if (process.platform !== 'win32') expect(statSync(file).mode & 0o777).toBe(0o600);
});

test('a key that is there is gone on with, byte for byte', async () => {
  const { config, file } = temporaryConfig();
  const secret = `${'a key that somebody has put there, '.repeat(2)}\n`;
  writeFileSync(file, secret);
  const token = await (await openTokens(config)).issue({ userId: 'ada' }, 60);
  expect(readFileSync(file, 'utf8')).toBe(secret);
  expect(await (await openTokens({ ...config, jwtSecret: secret })).verify(`Bearer ${token}`)).toMatchObject({
    userId: 'ada',
  });
});

test.each(['', 'abc', 'x'.repeat(31), `${'x'.repeat(31)}\n`, ' '.repeat(64)])(
  'a file that holds %j is refused by its name and left as it is',
  async (content) => {
    const { config, file } = temporaryConfig();
    writeFileSync(file, content);
    const opening = openTokens(config);
    await expect(opening).rejects.toThrow(StartRefused);
    await expect(opening).rejects.toThrow(`${file} is no key`);
    expect(readFileSync(file, 'utf8')).toBe(content);
  },
);
