/**
 * For tests: HPKE (RFC 9180) once more, by Node's X25519, HMAC and AES-GCM, as the RFC writes it down. Base mode, one
 * message, DHKEM(X25519, HKDF-SHA256) and HKDF-SHA256.
 */
import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  type KeyObject,
  randomBytes,
} from 'node:crypto';

export interface PlainKeyPair {
  readonly privateKey: KeyObject;
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
}

export interface PlainMessage {
  readonly enc: Uint8Array;
  readonly ciphertext: Uint8Array;
}

/** Section 7.3: identifier and length of the key. */
export const AEADS = {
  'aes-128-gcm': { id: 1, keyBytes: 16 },
  'aes-256-gcm': { id: 2, keyBytes: 32 },
} as const;
export type Aead = keyof typeof AEADS;

const KEM_ID = 0x0020;
const KDF_ID = 0x0001;
const TAG_BYTES = 16;
const NOTHING = Buffer.alloc(0);
const text = (value: string): Buffer => Buffer.from(value, 'latin1');
const u16 = (value: number): Buffer => Buffer.of(value >> 8, value & 0xff);

export function plainKeyPair(secret: Uint8Array = randomBytes(32)): PlainKeyPair {
  const der = Buffer.concat([Buffer.from('302e020100300506032b656e04220420', 'hex'), secret]);
  const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  return { privateKey, publicKey: rawOf(createPublicKey(privateKey)) };
}

export function plainSeal(
  recipient: Uint8Array,
  plaintext: Uint8Array,
  info: Uint8Array,
  associatedData: Uint8Array,
  aead: Aead = 'aes-256-gcm',
  ephemeral: PlainKeyPair = plainKeyPair(),
): PlainMessage {
  const dh = diffieHellman({ privateKey: ephemeral.privateKey, publicKey: publicKeyOf(recipient) });
  const { key, nonce } = keySchedule(sharedSecret(dh, ephemeral.publicKey, recipient), info, aead);
  const cipher = createCipheriv(aead, key, nonce).setAAD(associatedData);
  const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
  return { enc: ephemeral.publicKey, ciphertext };
}

/** @throws Error when the message doesn't open */
export function plainOpen(
  recipient: PlainKeyPair,
  { enc, ciphertext }: PlainMessage,
  info: Uint8Array,
  associatedData: Uint8Array,
  aead: Aead = 'aes-256-gcm',
): Uint8Array {
  const dh = diffieHellman({ privateKey: recipient.privateKey, publicKey: publicKeyOf(enc) });
  const { key, nonce } = keySchedule(sharedSecret(dh, enc, recipient.publicKey), info, aead);
  const end = ciphertext.length - TAG_BYTES;
  const decipher = createDecipheriv(aead, key, nonce).setAAD(associatedData).setAuthTag(ciphertext.subarray(end));
  return Buffer.concat([decipher.update(ciphertext.subarray(0, end)), decipher.final()]);
}

/** Section 4.1. */
function sharedSecret(dh: Uint8Array, enc: Uint8Array, recipient: Uint8Array): Buffer {
  const suite = Buffer.concat([text('KEM'), u16(KEM_ID)]);
  const secret = labeledExtract(suite, NOTHING, 'eae_prk', dh);
  return labeledExpand(suite, secret, 'shared_secret', Buffer.concat([enc, recipient]), 32);
}

/** Section 5.1, mode base: no pre-shared key, and no name of one. */
function keySchedule(
  shared: Uint8Array,
  info: Uint8Array,
  aead: Aead,
): { readonly key: Buffer; readonly nonce: Buffer } {
  const { id, keyBytes } = AEADS[aead];
  const suite = Buffer.concat([text('HPKE'), u16(KEM_ID), u16(KDF_ID), u16(id)]);
  const context = Buffer.concat([
    Buffer.of(0),
    labeledExtract(suite, NOTHING, 'psk_id_hash', NOTHING),
    labeledExtract(suite, NOTHING, 'info_hash', info),
  ]);
  const secret = labeledExtract(suite, shared, 'secret', NOTHING);
  return {
    key: labeledExpand(suite, secret, 'key', context, keyBytes),
    nonce: labeledExpand(suite, secret, 'base_nonce', context, 12),
  };
}

function labeledExtract(suite: Uint8Array, salt: Uint8Array, label: string, secret: Uint8Array): Buffer {
  return createHmac('sha256', salt).update('HPKE-v1').update(suite).update(label).update(secret).digest();
}

/** At most one block of HKDF-Expand, which is enough here. */
function labeledExpand(suite: Uint8Array, key: Uint8Array, label: string, info: Uint8Array, length: number): Buffer {
  const block = createHmac('sha256', key)
    .update(u16(length))
    .update('HPKE-v1')
    .update(suite)
    .update(label)
    .update(info)
    .update(Buffer.of(1))
    .digest();
  return block.subarray(0, length);
}

function publicKeyOf(raw: Uint8Array): KeyObject {
  const der = Buffer.concat([Buffer.from('302a300506032b656e032100', 'hex'), raw]);
  return createPublicKey({ key: der, format: 'der', type: 'spki' });
}

function rawOf(key: KeyObject): Uint8Array {
  return Uint8Array.from(key.export({ format: 'der', type: 'spki' }).subarray(-32));
}
