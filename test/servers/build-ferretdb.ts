import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { chmod, copyFile, cp, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const source = fileURLToPath(new URL('./ferretdb/', import.meta.url));
const cache = fileURLToPath(new URL('../../.cache/ferretdb/', import.meta.url));
const sources = ['go.mod', 'go.sum', 'main.go'];

/**
 * The path of FerretDB's program, built from its Go module where this was not done before with the same sources and the
 * same Go. The first time takes minutes. Throws an error that says what is missing.
 */
export async function buildFerretDb(): Promise<string> {
  const key = createHash('sha256')
    .update(await goVersion())
    .update(JSON.stringify(amendments));
  for (const name of sources) key.update(await readFile(join(source, name)));
  const program = join(cache, key.digest('hex').slice(0, 16), 'ferretdb');
  const isBuilt = await stat(program).then(
    () => true,
    () => false,
  );
  if (isBuilt) return program;
  await mkdir(join(program, '..'), { recursive: true });
  // Under a name of its own until it is whole: two may build at once, and a build may be interrupted.
  const unfinished = `${program}.${process.pid}`;
  console.error('building FerretDB, which takes some minutes the first time');
  await go('build', '-trimpath', `-modfile=${await amend(join(program, '..'))}`, '-o', unfinished, '.');
  await rename(unfinished, program);
  return program;
}

/**
 * What FerretDB v1.24.2 is amended in, each in the few lines that are replaced before it is compiled. None of it changes
 * what it answers, and the adapter's tests pass without, only not at the size of the demonstration.
 *
 * - It looks for an `_id` by another expression than the one that its index is made of, and so at every document.
 * - A filter of `_id` and something else, or of several ids, looks at every document of the collection, though the ids
 *   have an index: what the index finds is filtered by the rest anyway.
 * - Every update of a command keeps its connection to SQLite until the command ends, and there are 100: what is read is
 *   let go of as soon as it is written.
 */
const amendments = [
  {
    file: 'internal/backends/sqlite/metadata/metadata.go',
    from: `IDColumn = DefaultColumn + "->'$._id'"`,
    to: 'IDColumn = DefaultColumn + `->"_id"`',
  },
  {
    file: 'internal/backends/sqlite/collection.go',
    from: 'if params.Filter.Len() == 1 {\n\t\tv, _ := params.Filter.Get("_id")',
    to: 'if params.Filter.Has("_id") {\n\t\tv, _ := params.Filter.Get("_id")',
  },
  {
    file: 'internal/backends/sqlite/collection.go',
    from: 'switch v.(type) {\n\t\tcase string, types.ObjectID:\n\t\t\twhereClause',
    to: `switch v := v.(type) {
		case *types.Document:
			in, err := v.Get("$in")
			if ids, ok := in.(*types.Array); err == nil && ok && v.Len() == 1 && ids.Len() > 0 {
				for i := range ids.Len() {
					args = append(args, string(must.NotFail(sjson.MarshalSingleValue(must.NotFail(ids.Get(i))))))
				}
				places := strings.TrimSuffix(strings.Repeat("?,", ids.Len()), ",")
				whereClause = fmt.Sprintf(" WHERE %s IN (%s)", metadata.IDColumn, places)
			}
		case string, types.ObjectID:
			whereClause`,
  },
  {
    file: 'internal/handler/msg_update.go',
    from: 'defer closer.Close()\n\n\t\tcloser.Add(res.Iter)',
    to: 'closer.Add(res.Iter)',
  },
  {
    file: 'internal/handler/msg_update.go',
    from: 'result, err := common.UpdateDocument(ctx, c, "update", iter, &u)',
    to: 'result, err := common.UpdateDocument(ctx, c, "update", iter, &u)\n\t\tcloser.Close()',
  },
] as const;

/** Copies FerretDB's module, amends it, and writes a go.mod that takes the copy in its place. Returns that file. */
async function amend(folder: string): Promise<string> {
  const module = JSON.parse(await go('mod', 'download', '-json', 'github.com/FerretDB/FerretDB')) as { Dir: string };
  const copy = join(folder, 'amended');
  await rm(copy, { recursive: true, force: true });
  await cp(module.Dir, copy, { recursive: true });
  for (const { file, from, to } of amendments) {
    const path = join(copy, file);
    const text = await readFile(path, 'utf8');
    if (!text.includes(from)) throw new Error(`${file} of FerretDB is not what is amended here`);
    // Modules are kept read-only.
    await chmod(path, 0o644);
    await writeFile(path, text.replaceAll(from, to));
  }
  const goMod = join(folder, 'go.mod');
  const replace = `\nreplace github.com/FerretDB/FerretDB => ${copy}\n`;
  await writeFile(goMod, (await readFile(join(source, 'go.mod'), 'utf8')) + replace);
  await copyFile(join(source, 'go.sum'), join(folder, 'go.sum'));
  return goMod;
}

const goVersion = (): Promise<string> => go('env', 'GOVERSION', 'GOOS', 'GOARCH');

async function go(...args: readonly string[]): Promise<string> {
  const child = spawn('go', args, { cwd: source, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let complaints = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaints += text;
  });
  try {
    const [code] = (await once(child, 'close')) as [number | null];
    if (code !== 0) throw new Error(`go ${args.join(' ')} ended with ${code}:\n${complaints}`);
    return output;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new Error(
      'FerretDB, which stands in for MongoDB, is built with Go, and there is no Go here: install it, or name a MongoDB by HIGHWATER_MONGODB_URL',
      { cause: error },
    );
  }
}
