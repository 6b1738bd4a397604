import { randomBytes } from 'node:crypto';
import { type AccountId, newId, type WebhookId } from '@countersign/core/ids';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openWebhookSecret, sealWebhookSecret } from './webhook-secret.ts';

const newOwner = () => ({ id: newId<WebhookId>(), accountId: newId<AccountId>() });
const internal = expect.objectContaining({ code: 'internal' });

describe('sealed webhook secrets', () => {
  it('open to what was sealed, and no two are alike', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 256 }), (secret) => {
        const [key, owner] = [randomBytes(32), newOwner()];
        const sealed = sealWebhookSecret(key, owner, secret);
        expect(Buffer.from(openWebhookSecret(key, owner, sealed))).toEqual(Buffer.from(secret));
        expect(sealWebhookSecret(key, owner, secret)).not.toEqual(sealed);
        if (secret.length >= 8) expect(Buffer.from(sealed).includes(secret)).toBe(false);
      }),
    );
  });

  it('do not open after any bit was changed, cut or added', () => {
    const [key, owner] = [randomBytes(32), newOwner()];
    const sealed = sealWebhookSecret(key, owner, randomBytes(32));
    fc.assert(
      fc.property(fc.nat(sealed.length * 8 - 1), (bit) => {
        const altered = Uint8Array.from(sealed);
        altered[bit >> 3] = (altered[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        expect(() => openWebhookSecret(key, owner, altered)).toThrow(internal);
      }),
    );
    for (let length = 0; length < sealed.length; length++)
      expect(() => openWebhookSecret(key, owner, sealed.subarray(0, length))).toThrow(internal);
    expect(() => openWebhookSecret(key, owner, Buffer.concat([sealed, Buffer.of(0)]))).toThrow(internal);
  });

  it('do not open under another key, for another webhook or in another account', () => {
    const [key, owner, other] = [randomBytes(32), newOwner(), newOwner()];
    const sealed = sealWebhookSecret(key, owner, randomBytes(32));
    for (const [otherKey, otherOwner] of [
      [randomBytes(32), owner],
      [key, { ...owner, id: other.id }],
      [key, { ...owner, accountId: other.accountId }],
    ] as const)
      expect(() => openWebhookSecret(otherKey, otherOwner, sealed)).toThrow(internal);
  });

  it('have a length, and so has the key', () => {
    const owner = newOwner();
    for (const length of [0, 257])
      expect(() => sealWebhookSecret(randomBytes(32), owner, randomBytes(length))).toThrow(RangeError);
    for (const length of [0, 16, 31, 33])
      expect(() => sealWebhookSecret(randomBytes(length), owner, randomBytes(32))).toThrow(RangeError);
  });
});
