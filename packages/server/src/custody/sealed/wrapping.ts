/**
 * The wrapped key: what the vault keeps in the database. Runs only inside sealed processes.
 *
 *     "CSK" | format version u8 | epoch u32 | key id 16 | account id 16 | flags u8 | operations u8
 *     | algorithm u8+text | custody u8+text | parameters u16+canonical JSON | public key u16+bytes | salt 32   <- header
 *     | ciphertext | tag 16
 *
 * AES-256-GCM under a key of its own: HKDF-SHA256(root key, salt = the header's 32 random bytes, info = label,
 * account id, key id). The associated data is exactly the header, so there is no second encoding of it to disagree
 * with: whatever is altered, or moved to another row, doesn't open.
 *
 * The nonce is twelve zero bytes. A derived key encrypts once in its life (its salt is 256 fresh bits from the
 * kernel), so a nonce has nothing to tell apart, and there is no second random value whose repetition could hurt.
 *
 * The blob carries all that the signer needs, so that it takes nothing on trust from the HTTP process; a re-wrap
 * under another root key is `openKey` followed by `wrapKey`.
 */
import { createCipheriv, createDecipheriv, createHmac } from 'node:crypto';
import type { KeyParameters } from '@countersign/algorithms/algorithm';
import { allocateSecret, freeSecret, randomSecret } from '@countersign/algorithms/secret-memory';
import { type AccountId, idBytes, type KeyId, parseId } from '@countersign/core/ids';
import type { CustodyName, KeyOperation } from '@countersign/core/key-record';
import { canonicalParameters } from '../canonical-parameters.ts';

/** What is bound into a wrapped key. */
export interface SealedTerms {
  readonly keyId: KeyId;
  readonly accountId: AccountId;
  readonly algorithm: string;
  readonly parameters: KeyParameters;
  readonly publicKey: Uint8Array;
  readonly custody: CustodyName;
  readonly operations: readonly KeyOperation[];
  readonly exportable: boolean;
  /** Counts the private material of one key; stays 0 for keys whose material is never replaced. */
  readonly epoch: number;
}

export interface OpenedKey {
  readonly terms: SealedTerms;
  /** In locked memory; the caller frees it. */
  readonly privateKey: Buffer;
}

export const ROOT_KEY_BYTES = 32;

const MAGIC = Buffer.from('CSK\x01', 'latin1');
const SALT_BYTES = 32;
const TAG_BYTES = 16;
const NONCE = Buffer.alloc(12);
const HKDF_LABEL = Buffer.from('countersign/vault/wrap/v1\0', 'latin1');
/** A threshold share is sealed with the certificate of its key. */
const MAX_PRIVATE_KEY_BYTES = 128 * 1024;
const FLAG_EXPORTABLE = 1;
/** Part of the format: a bit never changes its meaning. */
const OPERATION_BITS: readonly (readonly [KeyOperation, number])[] = [
  ['sign', 1],
  ['verify', 2],
  ['export', 4],
  ['derive', 8],
  ['derive-child', 16],
];

/**
 * Wraps a private key under `rootKey` (32 bytes, locked memory). The caller still owns, and frees, `privateKey`.
 * @throws RangeError when a term is too long for the format
 */
export function wrapKey(rootKey: Buffer, terms: SealedTerms, privateKey: Uint8Array): Uint8Array {
  if (privateKey.length === 0 || privateKey.length > MAX_PRIVATE_KEY_BYTES) throw new RangeError('private key length');
  const salt = freshSalt();
  const header = packHeader(terms, salt);
  const key = deriveKey(rootKey, salt, idBytes(terms.accountId), idBytes(terms.keyId));
  try {
    const cipher = createCipheriv('aes-256-gcm', key, NONCE, { authTagLength: TAG_BYTES });
    cipher.setAAD(header);
    return Buffer.concat([header, cipher.update(privateKey), cipher.final(), cipher.getAuthTag()]);
  } finally {
    key.fill(0);
  }
}

/**
 * Opens a wrapped key, or gives undefined for one that is malformed, altered, or wrapped under another root key:
 * the three are not told apart. Nothing of the terms is to be believed before this has returned them.
 */
export function openKey(rootKey: Buffer, sealed: Buffer): OpenedKey | undefined {
  const parsed = parseHeader(sealed);
  if (parsed === undefined) return undefined;
  const { terms, salt, headerBytes } = parsed;
  const cipherEnd = sealed.length - TAG_BYTES;
  const length = cipherEnd - headerBytes;
  if (length < 1 || length > MAX_PRIVATE_KEY_BYTES) return undefined;
  const key = deriveKey(rootKey, salt, idBytes(terms.accountId), idBytes(terms.keyId));
  let plaintext: Buffer | undefined;
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, NONCE, { authTagLength: TAG_BYTES });
    decipher.setAAD(sealed.subarray(0, headerBytes));
    decipher.setAuthTag(sealed.subarray(cipherEnd));
    // GCM gives out all of the text here, before the tag is checked in final(); it goes nowhere until then.
    plaintext = decipher.update(sealed.subarray(headerBytes, cipherEnd));
    try {
      decipher.final();
    } catch {
      return undefined;
    }
    const privateKey = allocateSecret(length);
    privateKey.set(plaintext);
    return { terms, privateKey };
  } finally {
    key.fill(0);
    plaintext?.fill(0);
  }
}

/**
 * RFC 5869 with one block of output. By HMAC and not by `hkdfSync`: the root key is the data of the first HMAC, so
 * no key object with a copy of it is left to the garbage collector.
 */
function deriveKey(rootKey: Buffer, salt: Uint8Array, accountId: Uint8Array, keyId: Uint8Array): Buffer {
  if (rootKey.length !== ROOT_KEY_BYTES) throw new RangeError('root key length');
  const pseudorandomKey = createHmac('sha256', salt).update(rootKey).digest();
  try {
    return createHmac('sha256', pseudorandomKey)
      .update(HKDF_LABEL)
      .update(accountId)
      .update(keyId)
      .update(Uint8Array.of(1))
      .digest();
  } finally {
    pseudorandomKey.fill(0);
  }
}

/** From the kernel, not from OpenSSL's generator, whose state a cloned virtual machine would repeat. */
function freshSalt(): Buffer {
  const random = randomSecret(SALT_BYTES);
  const salt = Buffer.from(random);
  freeSecret(random);
  return salt;
}

function packHeader(terms: SealedTerms, salt: Uint8Array): Buffer {
  const fixed = Buffer.alloc(4 + 16 + 16 + 2);
  fixed.writeUInt32LE(terms.epoch, 0);
  fixed.set(idBytes(terms.keyId), 4);
  fixed.set(idBytes(terms.accountId), 20);
  fixed[36] = terms.exportable ? FLAG_EXPORTABLE : 0;
  fixed[37] = OPERATION_BITS.reduce((bits, [name, bit]) => (terms.operations.includes(name) ? bits | bit : bits), 0);
  return Buffer.concat([
    MAGIC,
    fixed,
    prefixed(1, Buffer.from(terms.algorithm, 'utf8')),
    prefixed(1, Buffer.from(terms.custody, 'utf8')),
    prefixed(2, canonicalParameters(terms.parameters)),
    prefixed(2, terms.publicKey),
    salt,
  ]);
}

function prefixed(lengthBytes: 1 | 2, bytes: Uint8Array): Buffer {
  const prefix = Buffer.alloc(lengthBytes);
  prefix.writeUIntLE(bytes.length, 0, lengthBytes);
  return Buffer.concat([prefix, bytes]);
}

interface ParsedHeader {
  readonly terms: SealedTerms;
  readonly salt: Uint8Array;
  readonly headerBytes: number;
}

/** Reads a header that nobody has vouched for yet. */
function parseHeader(sealed: Buffer): ParsedHeader | undefined {
  let position = 0;
  const take = (length: number): Buffer => {
    if (sealed.length - position < length) throw new RangeError('sealed key too short');
    position += length;
    return sealed.subarray(position - length, position);
  };
  try {
    if (!take(4).equals(MAGIC)) return undefined;
    const epoch = take(4).readUInt32LE();
    const keyId = parseId<KeyId>(uuid(take(16)));
    const accountId = parseId<AccountId>(uuid(take(16)));
    const flags = take(1).readUInt8();
    const operationBits = take(1).readUInt8();
    const algorithm = take(take(1).readUInt8()).toString('utf8');
    const custody = take(take(1).readUInt8()).toString('utf8');
    const parameters: unknown = JSON.parse(take(take(2).readUInt16LE()).toString('utf8'));
    const publicKey = Uint8Array.from(take(take(2).readUInt16LE()));
    const salt = take(SALT_BYTES);
    if (keyId === undefined || accountId === undefined || typeof parameters !== 'object' || parameters === null)
      return undefined;
    return {
      terms: {
        keyId,
        accountId,
        algorithm,
        parameters: parameters as KeyParameters,
        publicKey,
        custody,
        operations: OPERATION_BITS.filter(([, bit]) => (operationBits & bit) !== 0).map(([name]) => name),
        exportable: (flags & FLAG_EXPORTABLE) !== 0,
        epoch,
      },
      salt,
      headerBytes: position,
    };
  } catch {
    return undefined;
  }
}

function uuid(bytes: Buffer): string {
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
