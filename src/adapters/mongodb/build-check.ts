import { BuildGone } from '../../ports/read-model-builds.ts';
import type { Connection } from './connection.ts';
import { collectionNamesOf } from './documents.ts';

/**
 * Resolves where the build was whole at a moment after the call; throws BuildGone. What was read before the call was then
 * read from the whole of it: whoever discards a build takes its document away before they drop anything, and where
 * somebody drops the database, collections go in no order that is promised, each for ever.
 *
 * All who ask while one look is under way share the next: under load it costs far less than one a query.
 */
export function createBuildCheck({ build, database, collections, run, readLimit }: Connection): () => Promise<void> {
  const names = collectionNamesOf(build);
  let running: Promise<void> = Promise.resolve();
  let next: Promise<void> | undefined;

  async function look(): Promise<void> {
    const options = { ...readLimit, projection: { _id: 1 } };
    const [document, there] = await Promise.all([
      run(() => collections.builds.findOne({ _id: build }, options)),
      run(() => database.listCollections({ name: { $in: [...names] } }, { nameOnly: true }).toArray()),
    ]);
    if (document === null || there.length < names.length) throw new BuildGone(`build ${build} is not there`);
  }

  async function lookNext(): Promise<void> {
    await running.catch(() => {});
    next = undefined;
    running = look();
    await running;
  }

  return () => {
    next ??= lookNext();
    return next;
  };
}
