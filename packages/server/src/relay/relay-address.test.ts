import { describe, expect, it } from 'vitest';
import { formatRelayAddress, isLoopbackHost, parseRelayAddress } from './relay-address.ts';

describe('the address of a relay', () => {
  it.each([
    ['relay.example:8090', 'relay.example', 8090],
    ['relay.example', 'relay.example', 443],
    ['Relay.EXAMPLE:1', 'relay.example', 1],
    ['localhost:65535', 'localhost', 65_535],
    ['10.0.0.1:80', '10.0.0.1', 80],
    ['[::1]:8090', '::1', 8090],
    ['[::1]', '::1', 443],
    ['[2001:DB8:0::1]:1', '2001:db8::1', 1],
    ['[::ffff:127.0.0.1]:1', '::ffff:7f00:1', 1],
    ['a-b.c1', 'a-b.c1', 443],
  ])('%s is read', (text, host, port) => {
    const address = parseRelayAddress(text);
    expect(address).toEqual({ host, port });
    expect(address && parseRelayAddress(formatRelayAddress(address))).toEqual(address);
  });

  it.each([
    '',
    ':443',
    'relay.example:',
    'relay.example:0',
    'relay.example:065',
    'relay.example:65536',
    'relay.example:443:443',
    'wss://relay.example',
    'relay.example/path',
    'user@relay.example',
    'relay .example',
    'relay.example.',
    '-relay.example',
    'relay_1.example',
    '::1',
    '[::1',
    '[127.0.0.1]:1',
    '[fe80::1%eth0]:1',
    '127.1',
    '0x7f000001',
    '2130706433',
    '127.0.0.01',
    'example.0x1',
    'a'.repeat(64),
    `${'a.'.repeat(127)}toolong`,
    'relay.example:443\n',
  ])('%j is refused', (text) => {
    expect(parseRelayAddress(text)).toBeUndefined();
  });

  it('is loopback or it is not', () => {
    expect(['localhost', '127.0.0.1', '127.9.9.9', '::1'].every(isLoopbackHost)).toBe(true);
    expect(['localhost.example', '10.0.0.1', '::ffff:7f00:1', '127.example', '0.0.0.0'].some(isLoopbackHost)).toBe(
      false,
    );
  });
});
