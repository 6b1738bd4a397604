/**
 * A keygen id: what a server gives away so that others can make a threshold key with it. Opaque to callers, versioned,
 * and signed by the identity in it, which ties the channel key and the per-key public key to that identity.
 *
 *     version u8 = 1 | scheme u8 | identity key 32 | channel key 32 | per-key public key 0, 33 or 32 | signature 64
 *
 * as base64url without padding. The signature is Ed25519 over the tagged hash of everything before it.
 */
import { ECDH } from 'node:crypto';
import { type IdentitySecret, type PublicIdentity, parsePublicIdentity, SIGNATURE_BYTES } from './identity.ts';
import { parseX25519PublicKey } from './x25519.ts';

export type KeygenIdScheme = 'persistent' | 'bip340' | 'ed25519';

export interface KeygenId {
  /** `persistent`: a server's id in clusters, without a per-key key. */
  readonly scheme: KeygenIdScheme;
  readonly identity: PublicIdentity;
  /** bip340: ChillDKG host key, 33 bytes compressed; ed25519: X25519, 32 bytes; persistent: empty. */
  readonly perKeyPublic: Uint8Array;
  readonly text: string;
}

export class InvalidKeygenId extends Error {
  override readonly name = 'InvalidKeygenId';
}

const VERSION = 1;
const TAG = 'countersign/keygen-id/v1';
const HEADER_BYTES = 2 + 32 + 32;

const SCHEMES: readonly {
  readonly scheme: KeygenIdScheme;
  readonly perKeyBytes: number;
  readonly isPerKeyPublic: (bytes: Uint8Array) => boolean;
}[] = [
  { scheme: 'persistent', perKeyBytes: 0, isPerKeyPublic: () => true },
  { scheme: 'bip340', perKeyBytes: 33, isPerKeyPublic: isCompressedSecp256k1Point },
  { scheme: 'ed25519', perKeyBytes: 32, isPerKeyPublic: (bytes) => parseX25519PublicKey(bytes) !== undefined },
];
const MAX_TEXT_LENGTH = Math.ceil(((HEADER_BYTES + 33 + SIGNATURE_BYTES) * 4) / 3);

/** @throws InvalidKeygenId where `perKeyPublic` isn't a public key of the scheme */
export function createKeygenId(secret: IdentitySecret, scheme: KeygenIdScheme, perKeyPublic: Uint8Array): KeygenId {
  const number = SCHEMES.findIndex((entry) => entry.scheme === scheme);
  const entry = SCHEMES[number];
  if (entry === undefined) throw new InvalidKeygenId('an unknown scheme');
  assertPerKeyPublic(entry, perKeyPublic);
  const { identityKey, channelKey } = secret.public;
  const signed = Buffer.concat([Buffer.of(VERSION, number), identityKey, channelKey, perKeyPublic]);
  const text = Buffer.concat([signed, secret.sign(TAG, signed)]).toString('base64url');
  return { scheme, identity: secret.public, perKeyPublic: Uint8Array.from(perKeyPublic), text };
}

/**
 * One id has one text: whatever isn't exactly what `createKeygenId` writes is refused.
 * @throws InvalidKeygenId whose message says what is wrong, without repeating the text
 */
export function parseKeygenId(text: string): KeygenId {
  if (text.length > MAX_TEXT_LENGTH) throw new InvalidKeygenId('too long');
  const bytes = Buffer.from(text, 'base64url');
  if (bytes.toString('base64url') !== text) throw new InvalidKeygenId('not base64url without padding');
  const [version, schemeNumber] = bytes;
  if (version === undefined || schemeNumber === undefined) throw new InvalidKeygenId('too short');
  if (version !== VERSION) throw new InvalidKeygenId(`version ${version} is unknown here`);
  const entry = SCHEMES[schemeNumber];
  if (entry === undefined) throw new InvalidKeygenId('an unknown scheme');
  const signedBytes = HEADER_BYTES + entry.perKeyBytes;
  if (bytes.length !== signedBytes + SIGNATURE_BYTES) throw new InvalidKeygenId('not of the length of its scheme');
  const identity = parsePublicIdentity(bytes.subarray(2, 34), bytes.subarray(34, 66));
  if (identity === undefined) throw new InvalidKeygenId('identity key or channel key is not a public key');
  const perKeyPublic = bytes.subarray(HEADER_BYTES, signedBytes);
  assertPerKeyPublic(entry, perKeyPublic);
  if (!identity.verifies(bytes.subarray(signedBytes), TAG, bytes.subarray(0, signedBytes))) {
    throw new InvalidKeygenId('its signature is wrong');
  }
  return { scheme: entry.scheme, identity, perKeyPublic: Uint8Array.from(perKeyPublic), text };
}

function assertPerKeyPublic(entry: (typeof SCHEMES)[number], bytes: Uint8Array): void {
  if (bytes.length !== entry.perKeyBytes || !entry.isPerKeyPublic(bytes)) {
    throw new InvalidKeygenId(`the per-key public key is not one of ${entry.scheme}`);
  }
}

/** OpenSSL refuses x of p and above and x without a point (SEC 1, section 2.3.4). */
function isCompressedSecp256k1Point(bytes: Uint8Array): boolean {
  if (bytes[0] !== 2 && bytes[0] !== 3) return false;
  try {
    ECDH.convertKey(bytes, 'secp256k1', undefined, undefined, 'compressed');
    return true;
  } catch {
    return false;
  }
}
