import { randomBytes } from 'node:crypto';
import { freeSecret } from '@countersign/algorithms/secret-memory';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { plainKeyPair, plainOpen, plainSeal } from '../plain-hpke.fixture.ts';
import { hpkeKeyPair, openHpke, sealHpke } from './hpke.ts';
import { importKeyPair } from './import-key.ts';

const hex = (text: string): Buffer => Buffer.from(text, 'hex');

/**
 * RFC 9180, appendix A.1.1 (base mode, DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-128-GCM), sequence number 0. The
 * appendix has no vector of AES-256-GCM with this KEM: these check the second implementation, which checks ours.
 */
const RFC_A_1_1 = {
  info: hex('4f6465206f6e2061204772656369616e2055726e'),
  ephemeral: hex('52c4a758a802cd8b936eceea314432798d5baf2d7e9235dc084ab1b9cfa2f736'),
  recipient: hex('4612c550263fc8ad58375df3f557aac531d26850903e55a9f23f21d8534e8ac8'),
  recipientPublicKey: hex('3948cfe0ad1ddb695d780e59077195da6c56506b027329794ab02bca80815c4d'),
  enc: hex('37fda3567bdbd628e88668c3c8d7e97d1d1253b6d4ea6d44c150f741f1bf4431'),
  plaintext: hex('4265617574792069732074727574682c20747275746820626561757479'),
  associatedData: hex('436f756e742d30'),
  ciphertext: hex('f938558b5d72f1a23810b4be2ab4f84331acc02fc97babc53a52ae8218a355a96d8770ac83d07bea87e13c512a'),
};

const CONTEXT = { info: Buffer.from('some info'), associatedData: Buffer.from('of somebody') };

async function openedHex(...args: Parameters<typeof openHpke>): Promise<string | undefined> {
  const plaintext = await openHpke(...args);
  const text = plaintext?.toString('hex');
  if (plaintext !== undefined) freeSecret(plaintext);
  return text;
}

describe('the second implementation', () => {
  it('gives what RFC 9180 prints in appendix A.1.1', () => {
    const { info, associatedData, plaintext, enc, ciphertext } = RFC_A_1_1;
    const recipient = plainKeyPair(RFC_A_1_1.recipient);
    expect(recipient.publicKey).toEqual(Uint8Array.from(RFC_A_1_1.recipientPublicKey));
    const ephemeral = plainKeyPair(RFC_A_1_1.ephemeral);
    const sealed = plainSeal(recipient.publicKey, plaintext, info, associatedData, 'aes-128-gcm', ephemeral);
    expect(Buffer.from(sealed.enc).equals(enc)).toBe(true);
    expect(Buffer.from(sealed.ciphertext).equals(ciphertext)).toBe(true);
    const opened = plainOpen(recipient, { enc, ciphertext }, info, associatedData, 'aes-128-gcm');
    expect(plaintext.equals(opened)).toBe(true);
  });
});

describe('HPKE', () => {
  it('has the public key of a private one as RFC 9180, appendix A.1.1 prints it', () => {
    expect(hpkeKeyPair(RFC_A_1_1.recipient).publicKey).toEqual(Uint8Array.from(RFC_A_1_1.recipientPublicKey));
  });

  it('opens what the second implementation seals, and the other way round', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 6000 }),
        fc.uint8Array({ maxLength: 200 }),
        fc.uint8Array({ maxLength: 200 }),
        async (plaintext, info, associatedData) => {
          const secret = randomBytes(32);
          const [ours, theirs] = [hpkeKeyPair(secret), plainKeyPair(secret)];
          expect(theirs.publicKey).toEqual(ours.publicKey);
          const toUs = plainSeal(ours.publicKey, plaintext, info, associatedData);
          const text = Buffer.from(plaintext).toString('hex');
          expect(await openedHex(ours, toUs, { info, associatedData })).toBe(text);
          const toThem = await sealHpke(theirs.publicKey, plaintext, { info, associatedData });
          if (toThem === undefined) throw new Error('not sealed');
          expect(Buffer.from(plainOpen(theirs, toThem, info, associatedData)).toString('hex')).toBe(text);
        },
      ),
      { numRuns: 25 },
    );
  });

  it('opens nothing that was altered, or is for another key, purpose or owner', async () => {
    const pair = hpkeKeyPair(randomBytes(32));
    const message = plainSeal(pair.publicKey, Buffer.from('private'), CONTEXT.info, CONTEXT.associatedData);
    expect(await openedHex(pair, message, CONTEXT)).toBe(Buffer.from('private').toString('hex'));
    const flip = (bytes: Uint8Array, at: number): Uint8Array =>
      Uint8Array.from(bytes, (byte, index) => (index === at ? byte ^ 1 : byte));
    for (let at = 0; at < message.ciphertext.length; at++) {
      const altered = { ...message, ciphertext: flip(message.ciphertext, at) };
      expect(await openedHex(pair, altered, CONTEXT), `byte ${at}`).toBeUndefined();
    }
    expect(await openedHex(pair, { ...message, enc: flip(message.enc, 3) }, CONTEXT)).toBeUndefined();
    expect(await openedHex(pair, { ...message, enc: new Uint8Array(32) }, CONTEXT)).toBeUndefined();
    expect(await openedHex(pair, { ...message, enc: new Uint8Array(31) }, CONTEXT)).toBeUndefined();
    expect(await openedHex(pair, { ...message, ciphertext: new Uint8Array(0) }, CONTEXT)).toBeUndefined();
    expect(await openedHex(hpkeKeyPair(randomBytes(32)), message, CONTEXT)).toBeUndefined();
    for (const other of [{ info: Buffer.from('other info') }, { associatedData: Buffer.from('of somebody else') }])
      expect(await openedHex(pair, message, { ...CONTEXT, ...other })).toBeUndefined();
  });

  it('has another ephemeral key for each message', async () => {
    const { publicKey } = hpkeKeyPair(randomBytes(32));
    const messages = await Promise.all([1, 2, 3].map(() => sealHpke(publicKey, Buffer.from('x'), CONTEXT)));
    expect(new Set(messages.map((message) => Buffer.from(message?.enc ?? []).toString('hex'))).size).toBe(3);
  });

  // Points of small order: every shared secret with them is zero (RFC 7748, section 6.1).
  it.each([
    ['zero', '00'.repeat(32)],
    ['one', `01${'00'.repeat(31)}`],
    ['minus one', `ec${'ff'.repeat(30)}7f`],
  ])('seals nothing to %s as a public key', async (_what, recipient) => {
    expect(await sealHpke(hex(recipient), Buffer.from('private'), CONTEXT)).toBeUndefined();
  });
});

describe('the import key', () => {
  it('is HKDF-SHA256 (RFC 5869) of the root key under its own label, and the same each time', async () => {
    const rootKey = randomBytes(32);
    const { hkdfSync } = await import('node:crypto');
    const secret = hkdfSync('sha256', rootKey, '', 'countersign/hpke/v1 import key\0', 32);
    expect(importKeyPair(rootKey).publicKey).toEqual(plainKeyPair(new Uint8Array(secret)).publicKey);
    expect(importKeyPair(rootKey).publicKey).toEqual(importKeyPair(Buffer.from(rootKey)).publicKey);
    expect(importKeyPair(randomBytes(32)).publicKey).not.toEqual(importKeyPair(rootKey).publicKey);
  });
});
