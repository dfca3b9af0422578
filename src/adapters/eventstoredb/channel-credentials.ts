import { type ChannelCredentials, credentials } from '@grpc/grpc-js';
import { type ConnectionSettings, ConnectionStringRefused } from './connection-string.ts';
import { allowAddressesBySecureConnections } from './secure-addresses.ts';

/** How connections are secured: by TLS, unless the connection string says otherwise. Throws ConnectionStringRefused. */
export function createChannelCredentials({ tls }: ConnectionSettings): ChannelCredentials {
  if (tls === undefined) return credentials.createInsecure();
  allowAddressesBySecureConnections();
  try {
    return credentials.createSsl(tls.authority, tls.key, tls.certificate);
  } catch (error) {
    // A key that is not the certificate's.
    throw new ConnectionStringRefused(`its TLS files cannot be used: ${(error as Error).message}`, { cause: error });
  }
}
