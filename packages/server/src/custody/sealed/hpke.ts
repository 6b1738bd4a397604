/**
 * HPKE (RFC 9180), base mode, single shot: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM. `@hpke/core` does the
 * protocol, WebCrypto the arithmetic.
 *
 * Long-term and ephemeral secrets are made here and go in as key objects of OpenSSL, marked as not extractable: the
 * library's own way to make or derive one passes it through a JWK, that is through strings, and takes its randomness from
 * OpenSSL's generator, whose state a cloned virtual machine would repeat. Two messages under one ephemeral key to one
 * recipient would have the same AES key and nonce.
 *
 * Not wiped: what the library derives on its way (shared secret, exporter secret, AES key) lies in array buffers of its
 * own until the collector takes them, and WebCrypto copies what it is given. They open one message, not a stored key.
 */
import { createPrivateKey, createPublicKey, type webcrypto } from 'node:crypto';
import { allocateSecret, copySecret, freeSecret, randomSecret } from '@countersign/algorithms/secret-memory';
import type { HpkeSealed } from '@countersign/core/ports/custody';
import { Aes256Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from '@hpke/core';
import type { TransferContext } from '../transfer-context.ts';

export interface HpkeKeyPair {
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  readonly keys: webcrypto.CryptoKeyPair;
}

const KEY_BYTES = 32;
/** PKCS#8 up to the key (RFC 8410, section 7). */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b656e04220420', 'hex');

const suite = new CipherSuite({ kem: new DhkemX25519HkdfSha256(), kdf: new HkdfSha256(), aead: new Aes256Gcm() });

/** The pair of an X25519 private key of 32 bytes, which the caller wipes. */
export function hpkeKeyPair(privateKey: Uint8Array): HpkeKeyPair {
  const encoded = allocateSecret(PKCS8_PREFIX.length + KEY_BYTES);
  encoded.set(PKCS8_PREFIX);
  encoded.set(privateKey, PKCS8_PREFIX.length);
  try {
    const key = createPrivateKey({ key: encoded, format: 'der', type: 'pkcs8' });
    const publicHalf = createPublicKey(key);
    return {
      publicKey: Uint8Array.from(publicHalf.export({ format: 'der', type: 'spki' }).subarray(-KEY_BYTES)),
      keys: {
        privateKey: key.toCryptoKey('X25519', false, ['deriveBits']),
        publicKey: publicHalf.toCryptoKey('X25519', true, []),
      },
    };
  } finally {
    freeSecret(encoded);
  }
}

/** The plaintext in locked memory, which the caller frees; undefined for a message that doesn't open. */
export async function openHpke(
  recipient: HpkeKeyPair,
  { enc, ciphertext }: HpkeSealed,
  { info, associatedData }: TransferContext,
): Promise<Buffer | undefined> {
  let plaintext: ArrayBuffer;
  try {
    plaintext = await suite.open({ recipientKey: recipient.keys, enc, info }, ciphertext, associatedData);
  } catch {
    return undefined;
  }
  const bytes = new Uint8Array(plaintext);
  try {
    return copySecret(bytes);
  } finally {
    bytes.fill(0);
  }
}

/** `recipient`: 32 bytes. The caller wipes `plaintext`. Undefined: nothing can be sent to this recipient. */
export async function sealHpke(
  recipient: Uint8Array,
  plaintext: Uint8Array,
  { info, associatedData }: TransferContext,
): Promise<HpkeSealed | undefined> {
  const ephemeral = randomSecret(KEY_BYTES);
  // An array buffer of its own: the library takes it as it is, and would make another copy of a view.
  const copy = Uint8Array.from(plaintext);
  try {
    const { keys } = hpkeKeyPair(ephemeral);
    const recipientPublicKey = await suite.kem.deserializePublicKey(Uint8Array.from(recipient));
    const sealed = await suite.seal({ recipientPublicKey, ekm: keys, info }, copy.buffer, associatedData);
    return { enc: new Uint8Array(sealed.enc), ciphertext: new Uint8Array(sealed.ct) };
  } catch {
    // All that depends on the caller is the public key: one of small order gives a shared secret of zeros.
    return undefined;
  } finally {
    copy.fill(0);
    freeSecret(ephemeral);
  }
}
