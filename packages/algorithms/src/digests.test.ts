import { describe, expect, it } from 'vitest';
import { DIGEST_NAMES, DIGESTS, findDigest, isDigestName } from './digests.ts';

/**
 * Digests of "abc" by a second implementation: Python 3.11.7, `hashlib.<name>(b'abc').hexdigest()`; BLAKE2b-256 and
 * -384 with `hashlib.blake2b(b'abc', digest_size=32)` and `48`, RIPEMD-160 with `hashlib.new('ripemd160', b'abc')`, and
 * the pair of SSL 3 as `hashlib.md5(b'abc').hexdigest() + hashlib.sha1(b'abc').hexdigest()`.
 */
const OF_ABC: Record<string, string> = {
  'sha-1': 'a9993e364706816aba3e25717850c26c9cd0d89d',
  'sha-224': '23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7',
  'sha-256': 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
  'sha-384': 'cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7',
  'sha-512':
    'ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f',
  'sha3-224': 'e642824c3f8cf24ad09234ee7d3c766fc9a3a5168d0c94ad73b46fdf',
  'sha3-256': '3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532',
  'sha3-384': 'ec01498288516fc926459f58e2c6ad8df9b473cb0fc08c2596da7cf0e49be4b298d88cea927ac7f539f1edf228376d25',
  'sha3-512':
    'b751850b1a57168a5693cd924b6b096e08f621827444f70d884f5d0240d2712e10e116e9192af3c91a7ec57647e3934057340b4cf408d5a56592f8274eec53f0',
  'blake2b-256': 'bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319',
  'blake2b-384': '6f56a82c8e7ef526dfe182eb5212f7db9df1317e57815dbda46083fc30f54ee6c66ba83be64b302d7cba6ce15bb556f4',
  'blake2b-512':
    'ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d17d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923',
  'blake2s-256': '508c5e8c327c14e2e1a72ba34eeb452f37458b209ed63a294d999b4c86675982',
  ripemd160: '8eb208f7e05d987a9b044a8e98c6b087f15a0bfc',
  ssl3: '900150983cd24fb0d6963f7d28e17f72a9993e364706816aba3e25717850c26c9cd0d89d',
};

describe('digests', () => {
  it('all have a known answer here', () => {
    expect([...DIGEST_NAMES].sort()).toEqual(Object.keys(OF_ABC).sort());
  });

  it.each(DIGEST_NAMES)('%s agrees with a second implementation, and has the length it says', (name) => {
    const digest = findDigest(name);
    const computed = digest.compute(new TextEncoder().encode('abc'));
    expect(Buffer.from(computed).toString('hex')).toBe(OF_ABC[name]);
    expect(computed).toHaveLength(digest.bytes);
    expect(digest.compute(new Uint8Array(0))).toHaveLength(digest.bytes);
  });

  it('claim no more strength against collisions than their length gives', () => {
    for (const name of DIGEST_NAMES)
      expect(findDigest(name).collisionBits).toBeLessThanOrEqual(findDigest(name).bytes * 4);
  });

  it('give broken hashes a legacy use', () => {
    const legacy = DIGEST_NAMES.filter((name) => findDigest(name).legacy !== undefined);
    expect(legacy.sort()).toEqual(['ripemd160', 'sha-1', 'ssl3']);
  });

  it('are found by name, and nothing else is', () => {
    expect(isDigestName('sha-256')).toBe(true);
    for (const other of ['constructor', '__proto__', 'SHA-256', 'streebog-256', '', 1, undefined, null]) {
      expect(isDigestName(other)).toBe(false);
    }
    expect(DIGESTS['sha-256'].bytes).toBe(32);
  });
});
