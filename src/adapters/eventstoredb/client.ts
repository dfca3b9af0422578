import { EventStoreDBClient } from '@eventstore/db-client';
import { type ConnectionSettings, ConnectionStringRefused } from './connection-string.ts';
import { allowAddressesBySecureConnections } from './secure-addresses.ts';

/** The client of what a connection string says. It connects with its first call. Throws ConnectionStringRefused. */
export function createClient({ hosts, isDiscovered, tls, login, options }: ConnectionSettings): EventStoreDBClient {
  allowAddressesBySecureConnections();
  const [first] = hosts;
  if (first === undefined) throw new ConnectionStringRefused('it names no host');
  try {
    if (isDiscovered) return new EventStoreDBClient({ ...options, discover: first }, tls, login);
    if (hosts.length > 1) return new EventStoreDBClient({ ...options, endpoints: hosts }, tls, login);
    return new EventStoreDBClient({ ...options, endpoint: first }, tls, login);
  } catch (error) {
    // A setting out of its bounds, or a key that is not the certificate's.
    throw new ConnectionStringRefused(error instanceof Error ? error.message : String(error), { cause: error });
  }
}
