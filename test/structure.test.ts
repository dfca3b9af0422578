import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  findCircle,
  functionLengths,
  importsOf,
  root,
  type SourceFile,
  sourceFiles,
} from './structure/source-files.ts';

const src = sourceFiles('src');
const everything = sourceFiles('src', 'test', 'bench', 'torture', 'scripts', 'bin', 'client', 'web');
const tests = everything.filter(({ path }) => path.endsWith('.test.ts') || path.startsWith('test/contract/'));

const isFile = (target: string): boolean => target.startsWith('src/');
/** What is wrong with each file, for those with anything wrong. */
const violations = (files: readonly SourceFile[], find: (file: SourceFile) => readonly string[]) =>
  files.flatMap((file) => find(file).map((problem) => `${file.path}: ${problem}`));
const lineNumbersOf = ({ lines }: SourceFile, pattern: RegExp) =>
  lines.flatMap((line, index) => (pattern.test(line) ? [`line ${index + 1}: ${line.trim()}`] : []));

/** The folder that a file belongs to. Each adapter is its own. */
function zoneOf(path: string): string {
  const [, zone = '', inner = ''] = path.split('/');
  return zone === 'adapters' ? `adapters/${inner}` : zone;
}

interface Arrows {
  /** Folders besides its own that a folder may import. */
  readonly folders: readonly string[];
  /** Packages and builtins that it may import; all of them where nothing is said. */
  readonly packages?: RegExp;
}

/** Who may import whom: the design's arrows. */
const arrows: Readonly<Record<string, Arrows>> = {
  events: { folders: [], packages: /^(zod|node:.*)$/ },
  // How much what is kept weighs, and what is let go: for everybody who keeps anything.
  memory: { folders: [], packages: /^$/ },
  ports: { folders: ['events'], packages: /^$/ },
  commands: { folders: ['events', 'ports', 'memory'], packages: /^immutable$/ },
  // Only to let other work go on between two pieces of its own, and for checksums.
  projections: { folders: ['events', 'ports', 'memory'], packages: /^node:(timers\/promises|crypto)$/ },
  // What every log's adapter follows it with. It knows no store, and no adapter but through what it is handed.
  'adapters/following': { folders: ['events', 'ports', 'memory'], packages: /^node:timers\/promises$/ },
  'adapters/sqlite': { folders: ['events', 'ports', 'adapters/following'], packages: /^node:/ },
  'adapters/eventstoredb': {
    folders: ['events', 'ports', 'adapters/following'],
    packages: /^(node:.*|@eventstore\/db-client|@grpc\/grpc-js)$/,
  },
  'eventstore-server': {
    folders: ['events', 'ports'],
    packages: /^(node:.*|@grpc\/grpc-js|@eventstore\/db-client)$/,
  },
  'adapters/mongodb': { folders: ['events', 'ports'], packages: /^(node:.*|mongodb)$/ },
  rights: { folders: ['events', 'ports', 'commands', 'memory'], packages: /^jose$/ },
  delivery: { folders: ['events', 'ports', 'memory', 'commands', 'projections', 'rights'], packages: /^$/ },
  api: { folders: ['memory', 'delivery', 'rights', 'events', 'ports', 'commands', 'projections'] },
  import: { folders: ['events', 'ports', 'commands'] },
  processes: {
    folders: [
      ...['events', 'ports', 'commands', 'projections', 'rights', 'delivery', 'api', 'eventstore-server'],
      ...['adapters/sqlite', 'adapters/eventstoredb', 'adapters/mongodb', 'config.ts'],
    ],
  },
  cli: {
    folders: ['events', 'ports', 'commands', 'projections', 'delivery', 'rights', 'import', 'config.ts'],
  },
};

describe('who imports whom', () => {
  test('imports follow the arrows of the design', () => {
    const inFolders = src.filter(({ path }) => path.split('/').length > 2);
    const wrong = violations(inFolders, (file) => {
      const zone = zoneOf(file.path);
      const allowed = arrows[zone];
      if (allowed === undefined) return [`no arrows are drawn for ${zone}`];
      return importsOf(file).filter((target) =>
        isFile(target)
          ? ![zone, ...allowed.folders].includes(zoneOf(target))
          : allowed.packages !== undefined && !allowed.packages.test(target),
      );
    });
    expect(wrong).toEqual([]);
  });

  test('the command line stands on processes, commands of it and the configuration, and on nothing below', () => {
    const main = src.filter(({ path }) => path.split('/').length === 2);
    const allowed = /^(src\/(cli|processes)\/.*|src\/config\.ts|commander|zod)$/;
    expect(violations(main, (file) => importsOf(file).filter((target) => !allowed.test(target)))).toEqual([]);
  });

  test('nothing imports main.ts, and nothing in src imports what is outside', () => {
    // A test or a bench may run it as a program.
    const imported = /(?:\bfrom |\bimport\(|^import )'[^']*\/main\.ts'/;
    const others = everything.filter(({ path }) => path !== 'test/structure.test.ts');
    expect(violations(others, (file) => lineNumbersOf(file, imported))).toEqual([]);
    const outside = /^(\.|test\/|bench\/|torture\/|scripts\/|bin\/|client\/|web\/)/;
    expect(violations(src, (file) => importsOf(file).filter((target) => outside.test(target)))).toEqual([]);
  });

  test('imports of the sources, types included, go in no circle', () => {
    expect(findCircle(src)).toBeUndefined();
  });
});

describe('how files are written', () => {
  test('no file has over 250 lines', () => {
    expect(violations(everything, ({ lines }) => (lines.length > 250 ? [`${lines.length} lines`] : []))).toEqual([]);
  });

  test('no function has over 70 lines', () => {
    const long = everything.flatMap(functionLengths).filter(({ length }) => length > 70);
    expect(long).toEqual([]);
  });

  test('files are named in kebab-case, and none is a manager, a service, a helper or utils', () => {
    const name = ({ path }: SourceFile) => path.slice(path.lastIndexOf('/') + 1);
    const kebabCase = /^[a-z0-9]+(-[a-z0-9]+)*(\.servers)?(\.test|\.config|\.d)?\.(ts|tsx|js|mjs)$/;
    const vague = /(^|-)(manager|service|helper|helpers|util|utils)[-.]/;
    const misnamed = everything.filter((file) => !kebabCase.test(name(file)) || vague.test(name(file)));
    expect(misnamed.map(({ path }) => path)).toEqual([]);
  });

  test('events, commands and projections read no clock and draw nothing at random', () => {
    const pure = sourceFiles('src/events', 'src/commands', 'src/projections');
    const impure = /\bDate\.now\b|\bnew Date\(\)|\bMath\.random\b|\brandomUUID\b|\bgetRandomValues\b|\brandomBytes\b/;
    expect(violations(pure, (file) => lineNumbersOf(file, impure))).toEqual([]);
  });

  test('nothing gets round the types, and nothing is left to do', () => {
    // This file names what it forbids.
    const others = everything.filter(({ path }) => path !== 'test/structure.test.ts');
    const evasion = /\bas any\b(?=[^\w\s]|$)|@ts-ignore|@ts-nocheck|\bTODO\b|\bFIXME\b/;
    expect(violations(others, (file) => lineNumbersOf(file, evasion))).toEqual([]);
  });

  test('what comes from a stream is decoded with its stream in view', () => {
    const followers = src.filter((file) => zoneOf(file.path) !== 'events');
    expect(violations(followers, (file) => lineNumbersOf(file, /\bdecodeEvent\b/))).toEqual([]);
  });

  test('no test is left out or run alone, and every expected error is named', () => {
    const others = tests.filter(({ path }) => path !== 'test/structure.test.ts');
    const weak = /\b(?:test|it|describe|suite)\.(?:only|skip|todo)\b|\.toThrow(?:Error)?\(\)/;
    expect(violations(others, (file) => lineNumbersOf(file, weak))).toEqual([]);
  });
});

test('every decision has a number of its own, which its title and every reference to it say', () => {
  const decisions = readdirSync(join(root, 'docs', 'decisions')).sort();
  const numbers = decisions.map((name) => name.slice(0, 4));
  // Several are written at once, so a number may be there before the one below it.
  expect(numbers).toEqual([...new Set(numbers)]);
  const pages = [...decisions.map((name) => `decisions/${name}`), 'architecture.md', 'operations.md'];
  const wrong = pages.flatMap((page) => {
    const text = readFileSync(join(root, 'docs', page), 'utf8');
    const own =
      page.startsWith('decisions/') && !text.startsWith(`# ${page.slice(10, 14)}`) ? [`${page}: its title`] : [];
    const links = [...text.matchAll(/\[(?:decision\s+)?(\d{4})\]\((?:decisions\/)?(\d{4}-[\w-]+\.md)\)/g)];
    const bad = links.filter(
      ([, number, target = '']) => !decisions.includes(target) || !target.startsWith(number ?? ''),
    );
    return [...own, ...bad.map(([link]) => `${page}: ${link}`)];
  });
  expect(wrong).toEqual([]);
});

describe('these checks find what they are for', () => {
  const file = (path: string, text: string): SourceFile => ({ path, text, lines: text.split('\n') });

  test('imports over several lines, of types, for effect, awaited and of workers are all seen', () => {
    const text = [
      "import {\n  a,\n  type B,\n} from './a.ts';",
      "import type { C } from '../ports/c.ts';",
      "export * from './d.ts';",
      "import 'node:fs';",
      "const e = await import('@scope/e/inner');",
      "new Worker(new URL('./f.ts', import.meta.url));",
    ].join('\n');
    expect(importsOf(file('src/api/x.ts', text))).toEqual([
      'src/api/a.ts',
      'src/ports/c.ts',
      'src/api/d.ts',
      'node:fs',
      '@scope/e',
      'src/api/f.ts',
    ]);
  });

  test('a circle is found, however long', () => {
    const [a, b] = [file('src/a.ts', "import './b.ts';"), file('src/b.ts', "import './c.ts';")];
    expect(findCircle([a, b, file('src/c.ts', "import type { A } from './a.ts';")])).toEqual([
      'src/a.ts',
      'src/b.ts',
      'src/c.ts',
      'src/a.ts',
    ]);
    expect(findCircle([a, b, file('src/c.ts', "import 'node:fs';")])).toBeUndefined();
  });

  test('functions of every form are measured from their opening line to their closing one, without those inside', () => {
    const text = [
      'export function a(',
      '  b: string,',
      '): void {',
      '  if (b) {',
      '    c();',
      '  }',
      '}',
      'const d = async () => {',
      '  e();',
      '  return {',
      '    f() {',
      '      g();',
      '    },',
      '  };',
      '};',
    ].join('\n');
    expect(functionLengths(file('x.ts', text))).toEqual([
      { at: 'x.ts:3', length: 5 },
      { at: 'x.ts:8', length: 5 },
      { at: 'x.ts:11', length: 3 },
    ]);
  });

  test('there are sources and tests to check', () => {
    expect(src.length).toBeGreaterThan(30);
    expect(tests.length).toBeGreaterThan(10);
  });
});
