import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

export const root = join(import.meta.dirname, '..', '..');

export interface SourceFile {
  /** From the repository's root, with slashes. */
  readonly path: string;
  readonly text: string;
  readonly lines: readonly string[];
}

/** Every TypeScript and JavaScript file under these folders that people write. */
export function sourceFiles(...folders: readonly string[]): readonly SourceFile[] {
  return folders.flatMap((folder) => (existsSync(join(root, folder)) ? filesUnder(join(root, folder)) : []));
}

function filesUnder(folder: string): readonly SourceFile[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return ['node_modules', 'dist', 'data'].includes(entry.name) ? [] : filesUnder(path);
    return entry.isFile() && /\.(ts|tsx|js|mjs)$/.test(entry.name) ? [readSource(path)] : [];
  });
}

function readSource(path: string): SourceFile {
  const text = readFileSync(path, 'utf8');
  return { path: relative(root, path).replaceAll('\\', '/'), text, lines: text.replace(/\n$/, '').split('\n') };
}

/** Statements that import or export, imports that are awaited, and files that a worker is started from. */
const importPattern =
  /^(?:import|export)\b[^'"`;]*?\bfrom\s+'([^']+)'|^import\s+'([^']+)'|\bimport\('([^']+)'\)|new URL\('([^']+)', import\.meta\.url\)/gm;

/** What a file imports: files as paths from the root, packages by their names. Types count like everything else. */
export function importsOf({ path, text }: SourceFile): readonly string[] {
  return [...text.matchAll(importPattern)].map((match) => {
    const specifier = match.slice(1).find((group) => group !== undefined) ?? '';
    return specifier.startsWith('.') ? join(dirname(path), specifier).replaceAll('\\', '/') : packageName(specifier);
  });
}

function packageName(specifier: string): string {
  if (specifier.startsWith('node:')) return specifier;
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
}

/** The first circle that following imports from any file leads into, as the files on it. */
export function findCircle(files: readonly SourceFile[]): readonly string[] | undefined {
  const imports = new Map(files.map((file) => [file.path, importsOf(file)]));
  const finished = new Set<string>();
  function visit(path: string, trail: readonly string[]): readonly string[] | undefined {
    if (trail.includes(path)) return [...trail.slice(trail.indexOf(path)), path];
    if (finished.has(path)) return undefined;
    for (const next of imports.get(path) ?? []) {
      const circle = visit(next, [...trail, path]);
      if (circle !== undefined) return circle;
    }
    finished.add(path);
    return undefined;
  }
  return files.map(({ path }) => visit(path, [])).find((circle) => circle !== undefined);
}

/** A line that opens a function's body, as Biome formats it. */
const opensFunction = /(?:=>|\)|\): [^=]+|\bfunction\b.*) \{$/;
const opensSomethingElse = /^\s*(?:\} )?(?:if|for|while|switch|catch|else|do|try|describe)\b/;

export interface FunctionLength {
  readonly at: string;
  /** Lines from its opening one to its closing one, without those of the functions inside it. */
  readonly length: number;
}

/** Functions by the line where their body opens. One that is made of functions is as long as what it does itself. */
export function functionLengths({ path, lines }: SourceFile): readonly FunctionLength[] {
  const bodies = lines.flatMap((line, first) => {
    if (!opensFunction.test(line) || opensSomethingElse.test(line)) return [];
    const closing = `${' '.repeat(line.length - line.trimStart().length)}}`;
    const lineCount = lines.slice(first + 1).findIndex((later) => later.startsWith(closing)) + 2;
    return [{ first, last: first + lineCount - 1 }];
  });
  return bodies.map(({ first, last }) => {
    const inside = bodies.filter((body) => body.first > first && body.last <= last);
    const within = new Set(inside.flatMap((body) => lines.map((_, index) => index).slice(body.first, body.last + 1)));
    return { at: `${path}:${first + 1}`, length: last - first + 1 - within.size };
  });
}
