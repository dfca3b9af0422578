import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { compose, readText, root } from './compose-file.ts';

const manual = readText('docs/operations.md');
const section = (title: string): string => manual.split(/^## /m).find((part) => part.startsWith(`${title}\n`)) ?? '';
const sources = readdirSync(join(root, 'src'), { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
  .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'));

test('every variable that the code reads is in the table of the manual, and no other', () => {
  const read = new Set(readText('src/config.ts').match(/\bHIGHWATER_[A-Z_]+(?=:)/g));
  const explained = new Set([...section('Configuration').matchAll(/^\| `(HIGHWATER_\w+)`/gm)].map(([, name]) => name));
  expect(explained).toEqual(read);
  expect(read.size).toBeGreaterThan(5);
});

test('every log message that the manual explains is one that the code writes', () => {
  const [, table = ''] = section('Watching it').split('| message | means |');
  const messages = [...table.matchAll(/^\|([^|]+)\|/gm)].flatMap(([, cell = '']) =>
    [...cell.matchAll(/`([^`]+)`/g)].map(([, message = '']) => message.replace(/ …$/, '')),
  );
  expect(messages.length).toBeGreaterThan(8);
  const unknown = messages.filter((message) => !sources.some((text) => text.includes(message)));
  expect(unknown).toEqual([]);
});

test('commands of the manual name services, volumes and images that docker-compose.yml has', () => {
  const commands = manual.replaceAll('\\\n', ' ').match(/docker compose --profile [^\n`]*/g) ?? [];
  const words = commands.flatMap((command) => command.replace(/--eval.*|#.*|deploy\/.*/g, '').split(/\s+/));
  const named = words.filter((word) => /^(cluster-[\w-]+|api-\d|projector|mongodb(-\d)?)$/.test(word));
  expect(named.length).toBeGreaterThan(10);
  expect(named.filter((name) => compose.services[name] === undefined)).toEqual([]);
  const volumes = [...manual.matchAll(/\bhighwater_([\w-]+)/g)].map(([, volume = '']) => volume);
  expect(volumes.filter((volume) => !(volume in compose.volumes))).toEqual([]);
  const images = Object.values(compose.services).map(({ image }) => image);
  const run = manual.match(/\b(?:eventstore\/eventstore|highwater):[\w.-]+/g) ?? [];
  expect(run.filter((image) => !images.includes(image))).toEqual([]);
  expect(run.length).toBe(2);
});

test('the versions that the manual speaks of are those of docker-compose.yml', () => {
  expect(compose.services['eventstore']?.image).toContain(`:${/EventStoreDB (\d+\.\d+\.\d+)/.exec(manual)?.[1]}-`);
  expect(compose.services['mongodb']?.image).toContain(`:${/MongoDB (\d+\.\d+\.\d+)/.exec(manual)?.[1]}-`);
});

test('every link leads to a file that exists', () => {
  const links = [...manual.matchAll(/\]\(([^)#:]+)\)/g)].map(([, target = '']) => target);
  expect(links.filter((target) => !existsSync(join(root, dirname('docs/operations.md'), target)))).toEqual([]);
});
