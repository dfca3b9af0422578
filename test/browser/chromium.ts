import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';

const names = ['chromium', 'chromium-browser', 'google-chrome'];

/** A browser of this machine: HIGHWATER_CHROMIUM names its program, or it is found by name. Throws where there is none. */
export function launchBrowser(): Promise<Browser> {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  const found = names.flatMap((name) => folders.map((folder) => join(folder, name))).find((file) => existsSync(file));
  const executablePath = process.env['HIGHWATER_CHROMIUM'] ?? found;
  if (executablePath === undefined) {
    throw new Error('there is no Chromium: install one, or name its program by HIGHWATER_CHROMIUM');
  }
  // Root may not use the sandbox; the only pages are the tests' own.
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-background-networking'] });
}
