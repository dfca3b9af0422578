import { isIP } from 'node:net';
import { type ChannelCredentials, credentials } from '@grpc/grpc-js';

/**
 * Lets gRPC connect by TLS to an IP address, for this whole process.
 *
 * gRPC for Node (1.14.7, the newest) names whatever host it connects to as TLS's server name. An address is none (RFC 6066),
 * and Node refuses it since version 26, so that no secure server could be reached at an address: the nodes of a cluster
 * tell each other addresses unless they are told to advertise names. No option leaves the name out, so it is taken out
 * here, where gRPC has put it. The host stays: it is what Node checks the certificate against, and of an address it takes
 * only certificates for that address.
 */
export function allowAddressesBySecureConnections(): void {
  if (areAllowed) return;
  areAllowed = true;
  const secure: ChannelCredentials = Object.getPrototypeOf(credentials.createSsl());
  const create = secure._createSecureConnector;
  secure._createSecureConnector = function (this: ChannelCredentials, ...parts) {
    const connector = create.apply(this, parts);
    const options = Reflect.get(connector, 'connectionOptions');
    if (isIP(options?.servername) !== 0) delete options.servername;
    return connector;
  };
}

let areAllowed = false;
