import { ConfigInvalid, readConfig } from '../src/config.ts';

/** The servers that a row's server form measures on. Credentials and options are part of the URLs. */
export interface ServerUrls {
  readonly eventStoreUrl: string;
  readonly mongoUrl: string;
}

const variables = ['HIGHWATER_EVENTSTORE_URL', 'HIGHWATER_MONGODB_URL'] as const;

/**
 * The servers that the environment names; undefined where it names none. Throws ConfigInvalid where it names only one:
 * a row on one server and one embedded store would be neither form, and its figures would be taken for one of them.
 */
export function serversOf(env: NodeJS.ProcessEnv): ServerUrls | undefined {
  const given = Object.fromEntries(variables.map((name) => [name, env[name]]));
  const { eventStoreUrl, mongoUrl } = readConfig(given);
  if (eventStoreUrl === undefined && mongoUrl === undefined) return undefined;
  if (eventStoreUrl === undefined || mongoUrl === undefined) {
    const missing = eventStoreUrl === undefined ? variables[0] : variables[1];
    throw new ConfigInvalid(
      `The bench runs on two servers or on none: set ${missing} too, or unset ${variables.find((name) => name !== missing)}.`,
    );
  }
  return { eventStoreUrl, mongoUrl };
}

/**
 * As `serversOf`, and takes them out of the environment, which every child inherits: limits and peers, and rows without
 * a server form, must not find them there.
 */
export function takeServers(env: NodeJS.ProcessEnv): ServerUrls | undefined {
  const servers = serversOf(env);
  for (const name of variables) delete env[name];
  return servers;
}

/** What a child needs to find them. They travel in its environment, because anybody can read a process's arguments. */
export function environmentOf({ eventStoreUrl, mongoUrl }: ServerUrls): NodeJS.ProcessEnv {
  return { HIGHWATER_EVENTSTORE_URL: eventStoreUrl, HIGHWATER_MONGODB_URL: mongoUrl };
}

/** In a child: the servers that `environmentOf` has named to it. */
export function requireServers(): ServerUrls {
  const servers = serversOf(process.env);
  if (servers === undefined) throw new Error('this runs on servers only');
  return servers;
}

/** For tables and results, which are published: where the servers are, and nothing of how one gets in. */
export function describeServers({ eventStoreUrl, mongoUrl }: ServerUrls): string {
  return `the event store and MongoDB at ${addressOf(eventStoreUrl)}, ${addressOf(mongoUrl)}`;
}

/** Scheme and hosts. What is not certain to be a host is left out: it might be part of a password. */
function addressOf(url: string): string {
  const [, scheme = '', hosts] = /^([a-z+]+:\/\/)(?:[^/?]*@)?([^/?@]+)(?:\/[^?@]*)?(?:\?.*)?$/.exec(url) ?? [];
  return hosts === undefined ? `${/^[a-z+]*:\/\//.exec(url)?.[0] ?? ''}…` : scheme + hosts;
}

/** The same server's URL with another database in its path. */
export function withDatabase(mongoUrl: string, database: string): string {
  const [, start = '', before = '', options = ''] =
    /^(mongodb(?:\+srv)?:\/\/[^/?]*)(?:\/([^?]*))?(?:\?(.*))?$/.exec(mongoUrl) ?? [];
  const settings = options === '' ? [] : options.split('&');
  // The database in the path is also where the user is looked up, unless the URL says otherwise. With mongodb+srv a
  // record of the domain's may say otherwise, which an option here would overrule.
  const hasUser = start.startsWith('mongodb://') && start.includes('@');
  if (hasUser && !settings.some((setting) => setting.startsWith('authSource='))) {
    settings.push(`authSource=${before === '' ? 'admin' : before}`);
  }
  return `${start}/${database}${settings.length > 0 ? `?${settings.join('&')}` : ''}`;
}
