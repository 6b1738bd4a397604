import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { schnorr } from '@noble/curves/secp256k1.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nobleSecp256k1Group } from '../../test/noble-secp256k1-group.ts';
import { loadSecp256k1Group } from '../engines/secp256k1/load-group.ts';
import { signSchnorr, verifySchnorr } from './schnorr.ts';

const groups = [await loadSecp256k1Group(), nobleSecp256k1Group()];
const folder = process.env['COUNTERSIGN_VECTORS'];
const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 });

for (const group of groups) {
  describe(`Schnorr signatures under a chosen tag, by ${group.description}`, () => {
    it('are those of BIP340 under its own tag', () => {
      fc.assert(
        fc.property(bytes32, fc.uint8Array({ maxLength: 100 }), bytes32, (secret, message, auxiliaryRandom) => {
          fc.pre(group.isScalar(secret) && !group.isZero(secret));
          const signature = signSchnorr(group, secret, message, auxiliaryRandom);
          expect(signature).toEqual(Uint8Array.from(schnorr.sign(message, secret, auxiliaryRandom)));
        }),
        { numRuns: 20 },
      );
    });

    it('are valid under their tag, key and message only', () => {
      const any = fc.record({ secret: bytes32, message: bytes32, bit: fc.integer({ min: 0, max: 511 }) });
      fc.assert(
        fc.property(any, ({ secret, message, bit }) => {
          fc.pre(group.isScalar(secret) && !group.isZero(secret));
          const key = group.multiplyBase(secret);
          const signature = signSchnorr(group, secret, message, new Uint8Array(32), 'a tag');
          expect(verifySchnorr(group, key, message, signature, 'a tag')).toBe(true);
          // BIP340 knows keys by their x coordinate.
          expect(verifySchnorr(group, group.negate(key), message, signature, 'a tag')).toBe(true);
          expect(verifySchnorr(group, key, message, signature)).toBe(false);
          expect(verifySchnorr(group, group.generator, message, signature, 'a tag')).toBe(false);
          const flipped = signature.map((byte, index) => (index === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));
          expect(verifySchnorr(group, key, message, flipped, 'a tag')).toBe(false);
        }),
        { numRuns: 20 },
      );
    });

    it('are refused for randomness of another length and a secret of zero', () => {
      const secret = new Uint8Array(32).fill(1);
      expect(() => signSchnorr(group, secret, secret, new Uint8Array(31))).toThrow(RangeError);
      expect(() => signSchnorr(group, new Uint8Array(32), secret, secret)).toThrow(RangeError);
    });

    it.skipIf(folder === undefined)('agree with the vectors of BIP340 (skipped without COUNTERSIGN_VECTORS)', () => {
      const lines = readFileSync(join(folder ?? '', 'bip340', 'test-vectors.csv'), 'utf8')
        .trim()
        .split('\n')
        .slice(1);
      expect(lines.length).toBeGreaterThanOrEqual(19);
      for (const line of lines) {
        const [number, , publicKey, , message, signature, result] = line.split(',');
        const key = group.liftX(Buffer.from(publicKey ?? '', 'hex'));
        const valid =
          key !== undefined &&
          verifySchnorr(group, key, Buffer.from(message ?? '', 'hex'), Buffer.from(signature ?? '', 'hex'));
        expect(valid, `case ${number}`).toBe(result === 'TRUE');
      }
    });
  });
}
