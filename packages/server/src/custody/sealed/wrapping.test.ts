import { createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { copySecret, freeSecret } from '@countersign/algorithms/secret-memory';
import { idBytes, newId } from '@countersign/core/ids';
import { KEY_OPERATIONS } from '@countersign/core/key-record';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openKey, type SealedTerms, wrapKey } from './wrapping.ts';

const rootKey = copySecret(randomBytes(32));
const privateKey = randomBytes(32);
const terms: SealedTerms = {
  keyId: newId(),
  accountId: newId(),
  algorithm: 'ecdsa-p256',
  parameters: { size: 3, name: 'x' },
  publicKey: randomBytes(65),
  custody: 'vault',
  operations: ['sign', 'verify'],
  exportable: false,
  epoch: 7,
};

/** A copy of the opened key, or undefined. */
function open(root: Buffer, sealed: Uint8Array): { terms: SealedTerms; privateKeyHex: string } | undefined {
  const opened = openKey(root, Buffer.from(sealed));
  if (opened === undefined) return undefined;
  const privateKeyHex = opened.privateKey.toString('hex');
  freeSecret(opened.privateKey);
  return { terms: opened.terms, privateKeyHex };
}

describe('a wrapped key', () => {
  it('opens to the same terms and bytes', () => {
    const opened = open(rootKey, wrapKey(rootKey, terms, privateKey));
    expect(opened?.privateKeyHex).toBe(privateKey.toString('hex'));
    expect(opened?.terms).toEqual({ ...terms, publicKey: Uint8Array.from(terms.publicKey) });
  });

  it('keeps each operation apart from the others', () => {
    for (const operation of KEY_OPERATIONS) {
      const sealed = wrapKey(rootKey, { ...terms, operations: [operation] }, privateKey);
      expect(open(rootKey, sealed)?.terms.operations).toEqual([operation]);
    }
  });

  it('is AES-256-GCM under HKDF-SHA256 (RFC 5869) with the header as associated data', () => {
    const sealed = Buffer.from(wrapKey(rootKey, terms, privateKey));
    const headerBytes = sealed.length - 16 - privateKey.length;
    const salt = sealed.subarray(headerBytes - 32, headerBytes);
    const label = Buffer.from('countersign/vault/wrap/v1\0');
    const info = Buffer.concat([label, idBytes(terms.accountId), idBytes(terms.keyId)]);
    const key = Buffer.from(hkdfSync('sha256', rootKey, salt, info, 32));
    const decipher = createDecipheriv('aes-256-gcm', key, Buffer.alloc(12));
    decipher.setAAD(sealed.subarray(0, headerBytes));
    decipher.setAuthTag(sealed.subarray(-16));
    const text = Buffer.concat([decipher.update(sealed.subarray(headerBytes, -16)), decipher.final()]);
    expect(text.equals(privateKey)).toBe(true);
  });

  it('is never the same twice', () => {
    const first = Buffer.from(wrapKey(rootKey, terms, privateKey));
    expect(first.equals(wrapKey(rootKey, terms, privateKey))).toBe(false);
  });

  it('does not open when any bit of it was flipped', () => {
    const sealed = wrapKey(rootKey, terms, privateKey);
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      const altered = Uint8Array.from(sealed);
      altered[bit >> 3] = (altered[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(open(rootKey, altered), `bit ${bit}`).toBeUndefined();
    }
  });

  it('does not open when any term was replaced and the rest put together again', () => {
    const sealed = Buffer.from(wrapKey(rootKey, terms, privateKey));
    const replacements: readonly Partial<SealedTerms>[] = [
      { keyId: newId() },
      { accountId: newId() },
      { algorithm: 'ecdsa-p384' },
      { parameters: { size: 4, name: 'x' } },
      { publicKey: randomBytes(65) },
      { custody: 'pkcs11' },
      { operations: ['sign', 'verify', 'export'] },
      { operations: ['sign', 'verify', 'derive-child'] },
      { exportable: true },
      { epoch: 8 },
    ];
    for (const replacement of replacements) {
      const other = Buffer.from(wrapKey(rootKey, { ...terms, ...replacement }, privateKey));
      // The other's terms with this one's salt, ciphertext and tag.
      const tail = 32 + privateKey.length + 16;
      const mixed = Buffer.concat([other.subarray(0, -tail), sealed.subarray(-tail)]);
      expect(open(rootKey, mixed), Object.keys(replacement).join()).toBeUndefined();
      expect(open(rootKey, other), 'the other itself').toBeDefined();
    }
  });

  it('does not open under another root key, cut short, or extended', () => {
    const sealed = wrapKey(rootKey, terms, privateKey);
    expect(open(copySecret(randomBytes(32)), sealed)).toBeUndefined();
    for (let length = 0; length < sealed.length; length++) {
      expect(open(rootKey, sealed.subarray(0, length))).toBeUndefined();
    }
    expect(open(rootKey, Buffer.concat([sealed, Buffer.alloc(1)]))).toBeUndefined();
  });

  it('survives arbitrary bytes without throwing', () => {
    const sealed = Buffer.from(wrapKey(rootKey, terms, privateKey));
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), fc.nat(sealed.length), (bytes, keep) => {
        const blob = Buffer.concat([sealed.subarray(0, keep), bytes]);
        const opened = open(rootKey, blob);
        return opened === undefined || blob.equals(sealed);
      }),
      { numRuns: 500 },
    );
  });
});
