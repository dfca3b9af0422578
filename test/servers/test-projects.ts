import { type MongoKind, mongoKinds } from './mongo-server.ts';

const named = 'the servers named';

/** What the tests that need servers run on: one project each. */
export const projectNames: readonly string[] =
  process.env['HIGHWATER_MONGODB_URL'] === undefined ? mongoKinds : [named];

export function mongoKindOf(projectName: string): MongoKind | 'named' {
  if (projectName === named) return 'named';
  const kind = mongoKinds.find((one) => one === projectName);
  if (kind === undefined) throw new Error(`${projectName} is no kind of server`);
  return kind;
}
