import { readFileSync } from 'node:fs';
import { getSystemErrorMessage } from 'node:util';
import {
  type ConnectionOptions,
  parseConnectionString,
} from '@eventstore/db-client/dist/Client/parseConnectionString.js';

/** The connection string cannot be used as it is, whatever the server does. The message holds no password. */
export class ConnectionStringRefused extends Error {
  override readonly name = 'ConnectionStringRefused';
}

/** What a connection string says, its files read. */
export interface ConnectionSettings {
  readonly hosts: ConnectionOptions['hosts'];
  /** Where the one host is a name under which DNS has the nodes of a cluster. */
  readonly isDiscovered: boolean;
  /** Undefined where the connection is not secured. */
  readonly tls: TlsFiles | undefined;
  readonly login: ConnectionOptions['defaultCredentials'];
  readonly options: typeof usualOptions & Partial<ConnectionOptions>;
}

export interface TlsFiles {
  /** Whoever is to be trusted, instead of the authorities that Node knows. */
  readonly authority: Buffer | null;
  /** By which this process is known to the server. */
  readonly certificate: Buffer | null;
  readonly key: Buffer | null;
}

/** In EventStoreDB's schemes, the client's; those of KurrentDB, its successor, mean the same. */
const successors = /^(?:kurrentdb|kurrent|kdb)(?=(?:\+discover)?:\/\/)/;

/** The slash before the settings, which the client takes for a part of the last host's name. */
const slashBeforeSettings = /(?<=^[^?]*[^/:?])\/+(?=\?)/;

const usualOptions = {
  /** How often a connection is checked while calls are open on it, in milliseconds. */
  keepAliveInterval: 10_000,
  /**
   * With this, a connection to a server that has gone silent ends after 14 s. The supervisor of the subscription is
   * quicker, see supervised-subscription.ts, but does not run where nobody follows the log.
   */
  keepAliveTimeout: 4_000,
  /** How long a node may take to say who leads, in seconds. */
  gossipTimeout: 2,
  /** How often all nodes are asked before the search is given up, and what lies between, in milliseconds. */
  maxDiscoverAttempts: 10,
  discoveryInterval: 100,
};
const leastValues = {
  keepAliveInterval: -1,
  keepAliveTimeout: -1,
  gossipTimeout: 1,
  maxDiscoverAttempts: 1,
  discoveryInterval: 0,
};

/** Throws ConnectionStringRefused. */
export function readConnectionString(url: string): ConnectionSettings {
  const { hosts, dnsDiscover, defaultCredentials, ...given } = parse(
    url.trim().replace(successors, 'esdb').replace(slashBeforeSettings, ''),
  );
  if (dnsDiscover && hosts.length > 1) refuseDiscovery(url, hosts);
  const options = { ...usualOptions, ...given };
  checkBounds(options);
  return {
    hosts,
    isDiscovered: dnsDiscover,
    tls: given.tls === false ? undefined : readFiles(given),
    login: defaultCredentials,
    options,
  };
}

function parse(url: string): ConnectionOptions {
  try {
    return parseConnectionString(url);
  } catch (error) {
    throw new ConnectionStringRefused(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

/** The client would use the first one alone, without a word. */
function refuseDiscovery(url: string, hosts: ConnectionOptions['hosts']): never {
  const [scheme] = url.trim().split(/[+:]/);
  const [first, ...others] = hosts.map(({ address, port }) => `${address}:${port}`);
  throw new ConnectionStringRefused(
    `${scheme}+discover:// takes one name, under which DNS has every node, and would use ${first} alone; nodes that are ` +
      `named one by one are ${scheme}://${[first, ...others].join(',')}`,
  );
}

function readFiles(files: Pick<ConnectionOptions, 'tlsCAFile' | 'userCertFile' | 'userKeyFile'>): TlsFiles {
  const { tlsCAFile, userCertFile, userKeyFile } = files;
  if ((userCertFile === undefined) !== (userKeyFile === undefined)) {
    throw new ConnectionStringRefused('userCertFile and userKeyFile belong together: one of them is missing');
  }
  return {
    authority: readPem('tlsCAFile', tlsCAFile, 'CERTIFICATE'),
    certificate: readPem('userCertFile', userCertFile, 'CERTIFICATE'),
    key: readPem('userKeyFile', userKeyFile, 'PRIVATE KEY'),
  };
}

/** A number of milliseconds for a connection's checks may be -1, which is never. */
function checkBounds(options: Readonly<Record<string, unknown>>): void {
  for (const [name, least] of Object.entries(leastValues)) {
    if (Number(options[name]) < least) throw new ConnectionStringRefused(`its ${name} must be at least ${least}`);
  }
}

/** A file that holds something else would be taken without a word, and every server then be a stranger. */
function readPem(setting: string, file: string | undefined, label: string): Buffer | null {
  if (file === undefined) return null;
  let content: Buffer;
  try {
    content = readFileSync(file);
  } catch (error) {
    const number = error instanceof Error && 'errno' in error ? Number(error.errno) : Number.NaN;
    const reason = getSystemErrorMessage(number) ?? String(error);
    throw new ConnectionStringRefused(`its ${setting}, ${file}, cannot be read: ${reason}`, { cause: error });
  }
  if (!new RegExp(`-----BEGIN [A-Z ]*${label}-----`).test(content.toString('latin1'))) {
    throw new ConnectionStringRefused(`its ${setting}, ${file}, holds no ${label.toLowerCase()} (PEM)`);
  }
  return content;
}
