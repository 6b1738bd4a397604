import { secp256k1 } from '@noble/curves/secp256k1.js';
import fc from 'fast-check';
import { toHex } from 'viem';
import { publicKeyToAddress } from 'viem/accounts';
import { describe, expect, it } from 'vitest';
import { KEY, refusal, SELF } from '../../test/evm-fixtures.ts';
import type { JsonValue } from '../chain.ts';
import { evm } from './evm-chain.ts';

describe('evm', () => {
  it('has the address of viem for any key, in lower case, on every network', () => {
    fc.assert(
      fc.property(fc.bigInt(1n, 2n ** 255n), (secret) => {
        const privateKey = Uint8Array.from(Buffer.from(secret.toString(16).padStart(64, '0'), 'hex'));
        const publicKey = secp256k1.getPublicKey(privateKey, false);
        const key = { algorithm: 'ecdsa-secp256k1', publicKey };
        expect(evm.address(key, undefined)).toBe(publicKeyToAddress(toHex(publicKey)).toLowerCase());
        expect(evm.address(key, '137')).toBe(evm.address(key, undefined));
      }),
      { numRuns: 20 },
    );
    expect(evm.address(KEY, undefined)).toBe(SELF);
  });

  it.each([
    ['of another algorithm', { algorithm: 'ecdsa-p256', publicKey: KEY.publicKey }],
    ['of BIP340', { algorithm: 'bip340', publicKey: KEY.publicKey.subarray(1, 33) }],
    ['in compressed form', { algorithm: 'ecdsa-secp256k1', publicKey: new Uint8Array(33).fill(2) }],
    ['in hybrid form', { algorithm: 'ecdsa-secp256k1', publicKey: Uint8Array.of(6, ...KEY.publicKey.subarray(1)) }],
  ])('has no address and decodes nothing for a key %s', (_name, key) => {
    expect(evm.address(key, undefined)).toBeUndefined();
    for (const format of evm.formats) {
      expect(evm.decode({ chain: 'evm', format, network: undefined, content: '0x00' }, key)).toEqual({
        ok: false,
        reason: 'EVM payloads need a key with ECDSA on secp256k1.',
      });
    }
  });

  it('names its formats where it is asked for another', () => {
    expect(refusal('psbt', '0x00')).toBe(
      'evm has no format "psbt"; its formats are: transaction, personal-message, typed-data, authorization, digest.',
    );
    expect(refusal('constructor', '0x00')).toMatch(/^evm has no format/);
  });

  it('never throws, whatever the content and the network are', () => {
    const content = fc.oneof(
      fc.jsonValue(),
      fc.uint8Array({ maxLength: 200 }).map((bytes) => toHex(bytes)),
      fc.record(
        { types: fc.jsonValue(), domain: fc.jsonValue(), message: fc.jsonValue(), primaryType: fc.jsonValue() },
        { requiredKeys: [] },
      ),
      fc.record({ address: fc.jsonValue(), nonce: fc.jsonValue(), chainId: fc.jsonValue() }, { requiredKeys: [] }),
    ) as fc.Arbitrary<JsonValue>;
    const network = fc.option(fc.oneof(fc.string(), fc.nat().map(String)), { nil: undefined });
    fc.assert(
      fc.property(fc.constantFrom(...evm.formats), network, content, (format, named, value) => {
        const decoding = evm.decode({ chain: 'evm', format, network: named, content: value }, KEY);
        if (!decoding.ok) {
          expect(decoding.reason).toMatch(/^.{5,400}$/s);
          expect(decoding.reason).not.toBe("The payload can't be decoded.");
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
