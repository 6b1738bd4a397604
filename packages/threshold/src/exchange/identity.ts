/**
 * Who a server is to the others, for ever: an Ed25519 key that signs, and an X25519 key that channels are made with.
 * Everything that is signed is a tagged hash, so that no signature can be taken for one of another purpose.
 */
import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { taggedHash } from '@countersign/algorithms/tagged-hash';
import { isBelowP, parseX25519PublicKey, x25519, x25519PrivateKey, x25519PublicBytes } from './x25519.ts';

const KEY_BYTES = 32;
export const SIGNATURE_BYTES = 64;

export interface PublicIdentity {
  /** Ed25519, 32 bytes. */
  readonly identityKey: Uint8Array;
  /** X25519, 32 bytes. */
  readonly channelKey: Uint8Array;
  /** Whether `signature` (64 bytes) is this identity's over `taggedHash(tag, ...message)`. */
  verifies(signature: Uint8Array, tag: string, ...message: readonly Uint8Array[]): boolean;
  readonly channelPublicKey: KeyObject;
}

export interface IdentitySecret {
  readonly public: PublicIdentity;
  /** 64 bytes: Ed25519 over `taggedHash(tag, ...message)`. Every purpose has a tag of its own. */
  sign(tag: string, ...message: readonly Uint8Array[]): Uint8Array;
  /** 32 secret bytes of X25519 between the two channel keys; the caller wipes them. */
  agree(other: PublicIdentity): Buffer;
}

/**
 * @param seed 32 bytes, the Ed25519 private key of RFC 8032; read where it lies, the caller still owns it
 * @param channelSecret 32 bytes of X25519, likewise
 * @throws RangeError for another length
 */
export function loadIdentity(seed: Uint8Array, channelSecret: Uint8Array): IdentitySecret {
  if (seed.length !== KEY_BYTES) throw new RangeError('an Ed25519 seed has 32 bytes');
  const signingKey = createPrivateKey({
    key: Buffer.from(seed.buffer, seed.byteOffset, seed.byteLength),
    format: 'raw-private',
    asymmetricKeyType: 'ed25519',
  });
  const channelKey = x25519PrivateKey(channelSecret);
  const identity = parsePublicIdentity(
    createPublicKey(signingKey).export({ format: 'raw-public' }),
    x25519PublicBytes(channelKey),
  );
  if (identity === undefined) throw new RangeError('not a usable pair of secrets');
  return {
    public: identity,
    sign: (tag, ...message) => sign(null, taggedHash(tag, ...message), signingKey),
    agree: (other) => x25519(channelKey, other.channelPublicKey),
  };
}

/**
 * Undefined unless both are canonical encodings of points that aren't of low order. Whether anybody holds the secrets
 * is shown by the signatures: a keygen id's own, or a hello's.
 */
export function parsePublicIdentity(identityKey: Uint8Array, channelKey: Uint8Array): PublicIdentity | undefined {
  const channelPublicKey = parseX25519PublicKey(channelKey);
  if (channelPublicKey === undefined || !isEd25519PublicKey(identityKey)) return undefined;
  const ownIdentityKey = Buffer.from(identityKey);
  const verifyingKey = createPublicKey({ key: ownIdentityKey, format: 'raw-public', asymmetricKeyType: 'ed25519' });
  return {
    identityKey: ownIdentityKey,
    channelKey: Buffer.from(channelKey),
    channelPublicKey,
    verifies: (signature, tag, ...message) =>
      signature.length === SIGNATURE_BYTES && verify(null, taggedHash(tag, ...message), verifyingKey, signature),
  };
}

export function isSameIdentity(a: PublicIdentity, b: PublicIdentity): boolean {
  return Buffer.compare(a.identityKey, b.identityKey) === 0 && Buffer.compare(a.channelKey, b.channelKey) === 0;
}

/**
 * The y coordinates of the eight points of low order of edwards25519, whose signatures verify for every message. Both
 * signs of x are refused with each, which also refuses the encodings of x = 0 that RFC 8032, section 5.1.3, calls
 * invalid.
 */
const LOW_ORDER_Y = [
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
];

function isEd25519PublicKey(bytes: Uint8Array): boolean {
  if (bytes.length !== KEY_BYTES) return false;
  const y = Buffer.from(bytes);
  y.writeUInt8(y.readUInt8(KEY_BYTES - 1) & 0x7f, KEY_BYTES - 1);
  return isBelowP(y) && !LOW_ORDER_Y.includes(y.toString('hex'));
}
