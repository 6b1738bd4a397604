import { maxEcdsaSignatureBytes, writeEcdsaSignature } from '@countersign/algorithms/ecdsa-signature';
import { allAlgorithms } from '@countersign/algorithms/registry';
import { describe, expect, it } from 'vitest';
import { rawSignature, signsRecoverably } from './raw-signature.ts';

const ECDSA = allAlgorithms()
  .map(({ name }) => name)
  .filter((name) => name.startsWith('ecdsa-'));

describe('rawSignature', () => {
  it.each(ECDSA)('knows the form of %s', (name) => {
    if (signsRecoverably(name)) {
      const rs = new Uint8Array(64).fill(3);
      expect(rawSignature(name, Uint8Array.of(...rs, 2))).toEqual({ bytes: rs, recoveryId: 2 });
      for (const bad of [rs, Uint8Array.of(...rs, 4), Uint8Array.of(...rs, 0, 0)])
        expect(rawSignature(name, bad)).toBeUndefined();
      return;
    }
    const orderBits = { 'ecdsa-secp224k1': 225 }[name] ?? Number(/\d+/.exec(name)?.[0]);
    const width = Math.ceil(orderBits / 8);
    const rs = new Uint8Array(2 * width).fill(1);
    const der = new Uint8Array(maxEcdsaSignatureBytes(8 * width));
    const signature = der.subarray(0, writeEcdsaSignature(rs, der));
    expect(rawSignature(name, signature)).toEqual({ bytes: rs, recoveryId: undefined });
    expect(rawSignature(name, signature.subarray(1))).toBeUndefined();
  });

  it('leaves the signatures of all other algorithms as they are', () => {
    const others = allAlgorithms().filter(({ name }) => !ECDSA.includes(name));
    expect(others.length).toBeGreaterThan(3);
    for (const { name } of others)
      expect(rawSignature(name, Uint8Array.of(1, 2))).toEqual({ bytes: Uint8Array.of(1, 2), recoveryId: undefined });
  });
});
