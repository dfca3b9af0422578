import { type MongoKind, mongoKinds } from './mongo-server.ts';

const named = process.env['HIGHWATER_MONGODB_URL'] !== undefined;
/** `named`: the environment says where it is, and nothing else is known of it. */
export type TestedMongo = MongoKind | 'named';

/** What the tests that need servers run on. Each project has servers of its own. */
export interface ServersProject {
  readonly name: string;
  readonly mongoKind: TestedMongo;
  /** The suites that share one log, some of which look at its very end; or those of MongoDB, each on a fresh database. */
  readonly suites: 'of the log' | 'of MongoDB';
}

/** Every kind of server that stands in for MongoDB shows something else of it; the other suites need any one. */
export const serversProjects: readonly ServersProject[] = [
  { name: 'servers', mongoKind: named ? 'named' : 'ferretdb', suites: 'of the log' },
  ...(named ? (['named'] as const) : mongoKinds).map((mongoKind): ServersProject => {
    return { name: mongoKind, mongoKind, suites: 'of MongoDB' };
  }),
];

export function mongoKindOf(projectName: string): TestedMongo {
  const project = serversProjects.find(({ name }) => name === projectName);
  if (project === undefined) throw new Error(`no servers are known for ${projectName}`);
  return project.mongoKind;
}
