import { describe, expect, it } from 'vitest';
import { httpConfigOf } from './http-config.ts';
import { LOOPBACK_TARGETS, outboundAllow, outboundAllowText } from './outbound-allow.ts';
import { readSettings } from './settings.ts';

const network = (address: string, family: 4 | 6, prefixBits: number, port?: number): unknown => ({
  kind: 'network',
  address,
  family,
  prefixBits,
  ...(port === undefined ? {} : { port }),
});

describe('outbound-allow', () => {
  it.each([
    ['none', []],
    ['rules.internal', [{ kind: 'name', name: 'rules.internal' }]],
    ['Rules.Internal.:8443', [{ kind: 'name', name: 'rules.internal', port: 8443 }]],
    ['127.0.0.1', [network('127.0.0.1', 4, 32)]],
    ['127.0.0.1:9000', [network('127.0.0.1', 4, 32, 9000)]],
    ['10.0.0.0/8', [network('10.0.0.0', 4, 8)]],
    ['0.0.0.0/0', [network('0.0.0.0', 4, 0)]],
    ['::1', [network('::1', 6, 128)]],
    ['[::1]', [network('::1', 6, 128)]],
    ['[fd00::7]:9000', [network('fd00::7', 6, 128, 9000)]],
    ['fd00::/8', [network('fd00::', 6, 8)]],
    ['localhost:9000, 10.0.0.0/8', [{ kind: 'name', name: 'localhost', port: 9000 }, network('10.0.0.0', 4, 8)]],
  ])('reads %s, and writes it so that it reads the same', (text, value) => {
    const read = outboundAllow(text);
    expect(read).toEqual({ ok: true, value });
    expect(outboundAllow(outboundAllowText((read.ok && read.value) || []))).toEqual(read);
  });

  it.each([
    '',
    ',',
    'a,',
    '*',
    '*.internal',
    'a..b',
    'https://rules.internal',
    'rules.internal/path',
    'user@rules.internal',
    'rules.internal:0',
    'rules.internal:65536',
    'rules.internal:x',
    '10.0.0.0/33',
    'fd00::/129',
    '10.0.0.0/8:443',
    '10.0.0.0/',
    '127.1',
    '2130706433',
    '0x7f000001',
    '256.1.1.1',
    '[127.0.0.1]:80',
    '[::1',
    'fe80::1%eth0',
    '[fe80::1%eth0]:80',
    'a b',
    Array.from({ length: 257 }, () => 'a').join(','),
  ])('refuses %j', (text) => expect(outboundAllow(text).ok).toBe(false));

  it('is loopback where the service listens on loopback and nobody said otherwise', () => {
    const allowed = (...argv: string[]): unknown => {
      const outcome = readSettings(argv, {});
      if (!outcome.ok) throw new Error(outcome.problems.join('\n'));
      return httpConfigOf(outcome.settings).outboundAllow;
    };
    expect(allowed()).toEqual(LOOPBACK_TARGETS);
    expect(allowed('--listen', '[::1]:0')).toEqual(LOOPBACK_TARGETS);
    expect(allowed('--listen', '0.0.0.0:80', '--insecure-listen')).toEqual([]);
    expect(allowed('--outbound-allow', 'none')).toEqual([]);
    expect(allowed('--outbound-allow', 'a.example')).toEqual([{ kind: 'name', name: 'a.example' }]);
  });
});
