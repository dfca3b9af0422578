import type { IncomingMessage } from 'node:http';
import { BlockList, isIP } from 'node:net';

/** The networks, as `10.0.0.0/8` or a single address, whose word about who they forward for is taken. */
export function networksOf(addresses: readonly string[]): BlockList {
  const networks = new BlockList();
  for (const text of addresses) {
    const [address = '', prefix] = text.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    if (prefix === undefined) networks.addAddress(address, family);
    else networks.addSubnet(address, Number(prefix), family);
  }
  return networks;
}

const loopback = networksOf(['127.0.0.0/8', '::1']);

/**
 * The address that limits count for: the connection's own or, where that is a trusted proxy, the last one that the proxies
 * have put into X-Forwarded-For and that is none of theirs. Undefined for the loopback, which is this machine's own
 * programs or a proxy that nobody has named: many people, not one. Of an IPv6 address only the network counts, since
 * whoever has one of its addresses has all 2^64.
 */
export function clientAddress(request: IncomingMessage, trusted: BlockList): string | undefined {
  let address = plain(request.socket.remoteAddress);
  const forwarded = String(request.headers['x-forwarded-for'] ?? '').split(',');
  while (address !== undefined && isIn(trusted, address)) {
    const before = forwarded.pop();
    if (before === undefined) return undefined;
    address = plain(before.trim());
  }
  if (address === undefined || isIn(loopback, address)) return undefined;
  return isIP(address) === 6 ? networkOf(address) : address;
}

const isIn = (networks: BlockList, address: string): boolean =>
  networks.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');

/** Undefined for what is no address. IPv4 within IPv6 is IPv4. */
function plain(address: string | undefined): string | undefined {
  const text = address?.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '');
  return text !== undefined && isIP(text) !== 0 ? text : undefined;
}

/** The first four groups of an IPv6 address, whichever way it is written. */
function networkOf(address: string): string {
  const [head = '', tail] = address.split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? [] : Array.from({ length: 8 - before.length - after.length }, () => '0');
  const groups = [...before, ...zeros, ...after].slice(0, 4).map((group) => Number.parseInt(group, 16).toString(16));
  return `${groups.join(':')}::/64`;
}
