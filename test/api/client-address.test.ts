import type { IncomingMessage } from 'node:http';
import { expect, it } from 'vitest';
import { clientAddress, networksOf } from '../../src/api/client-address.ts';

const from = (remoteAddress: string | undefined, forwarded?: string, trusted: readonly string[] = []) =>
  clientAddress(
    {
      socket: { remoteAddress },
      headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded },
    } as unknown as IncomingMessage,
    networksOf(trusted),
  );

it('is the connection’s own, whatever its headers say, where no proxy is trusted', () => {
  expect(from('203.0.113.7')).toBe('203.0.113.7');
  expect(from('203.0.113.7', '198.51.100.1')).toBe('203.0.113.7');
  expect(from('::ffff:203.0.113.7')).toBe('203.0.113.7');
});

it('is what the last trusted proxy says, and nothing that somebody has put there before', () => {
  const trusted = ['10.0.0.0/8', 'fd00::/8', '192.0.2.1'];
  expect(from('10.1.2.3', '203.0.113.7', trusted)).toBe('203.0.113.7');
  expect(from('10.1.2.3', '6.6.6.6, 203.0.113.7, 192.0.2.1', trusted)).toBe('203.0.113.7');
  expect(from('fd00::1', '6.6.6.6,203.0.113.7', trusted)).toBe('203.0.113.7');
  expect(from('203.0.113.7', '6.6.6.6', trusted)).toBe('203.0.113.7');
});

it('is nobody’s where it says nothing: the loopback, a proxy that names nobody, what is no address', () => {
  expect(from('127.0.0.1')).toBeUndefined();
  expect(from('::1')).toBeUndefined();
  expect(from('::ffff:127.0.0.2')).toBeUndefined();
  expect(from(undefined)).toBeUndefined();
  expect(from('10.1.2.3', undefined, ['10.0.0.0/8'])).toBeUndefined();
  expect(from('10.1.2.3', 'unknown', ['10.0.0.0/8'])).toBeUndefined();
  expect(from('127.0.0.1', '203.0.113.7')).toBeUndefined();
});

it('of IPv6 is the network, whichever way it is written', () => {
  for (const address of [
    '2001:db8:0:1::1',
    '2001:db8::1:0:0:0:9',
    '2001:0db8:0000:0001:ffff::',
    '2001:db8:0:1:2:3:4:5',
  ]) {
    expect(from(address)).toBe('2001:db8:0:1::/64');
  }
  expect(from('2001:db8:0:2::1')).toBe('2001:db8:0:2::/64');
  expect(from('2001:db8::1')).toBe('2001:db8:0:0::/64');
});
