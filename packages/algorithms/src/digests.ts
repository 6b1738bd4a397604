/**
 * The digests that a payload can be made with. A registry: one entry per digest; nothing elsewhere switches on a
 * name. All of it is keyless, so plain JavaScript is acceptable where Node has no native code for a digest.
 *
 * Streebog (GOST R 34.11-2012) is missing: we know of no maintained implementation to build on, neither in OpenSSL 3.5
 * nor in @noble/hashes. The APIs that name it answer that it isn't supported yet.
 */
import { hash } from 'node:crypto';
import { blake2b } from '@noble/hashes/blake2.js';
import type { LegacyUse } from './legacy-use.ts';

export interface Digest {
  readonly bytes: number;
  /** Classical strength against collisions in bits: half the output; none where collisions are known. */
  readonly collisionBits: number;
  /** OpenSSL's name, or undefined where OpenSSL 3.5 has none. */
  readonly openssl: string | undefined;
  /**
   * The identifier of PKCS#1 v1.5's DigestInfo (RFC 8017, section 9.2) and of HashML-DSA (FIPS 204, section 5.4).
   * Undefined: no specification gives it a place there (BLAKE2), or it is signed bare (SSL3).
   */
  readonly oid: string | undefined;
  readonly legacy: LegacyUse | undefined;
  readonly compute: (message: Uint8Array) => Uint8Array;
}

const native =
  (name: string) =>
  (message: Uint8Array): Uint8Array =>
    hash(name, message, 'buffer');

/** The arc of NIST's hash algorithms. */
const NIST = '2.16.840.1.101.3.4.2';

export const DIGESTS = {
  'sha-1': {
    bytes: 20,
    collisionBits: 0,
    openssl: 'SHA1',
    oid: '1.3.14.3.2.26',
    legacy: 'sha-1',
    compute: native('sha1'),
  },
  'sha-224': {
    bytes: 28,
    collisionBits: 112,
    openssl: 'SHA2-224',
    oid: `${NIST}.4`,
    legacy: undefined,
    compute: native('sha224'),
  },
  'sha-256': {
    bytes: 32,
    collisionBits: 128,
    openssl: 'SHA2-256',
    oid: `${NIST}.1`,
    legacy: undefined,
    compute: native('sha256'),
  },
  'sha-384': {
    bytes: 48,
    collisionBits: 192,
    openssl: 'SHA2-384',
    oid: `${NIST}.2`,
    legacy: undefined,
    compute: native('sha384'),
  },
  'sha-512': {
    bytes: 64,
    collisionBits: 256,
    openssl: 'SHA2-512',
    oid: `${NIST}.3`,
    legacy: undefined,
    compute: native('sha512'),
  },
  'sha3-224': {
    bytes: 28,
    collisionBits: 112,
    openssl: 'SHA3-224',
    oid: `${NIST}.7`,
    legacy: undefined,
    compute: native('sha3-224'),
  },
  'sha3-256': {
    bytes: 32,
    collisionBits: 128,
    openssl: 'SHA3-256',
    oid: `${NIST}.8`,
    legacy: undefined,
    compute: native('sha3-256'),
  },
  'sha3-384': {
    bytes: 48,
    collisionBits: 192,
    openssl: 'SHA3-384',
    oid: `${NIST}.9`,
    legacy: undefined,
    compute: native('sha3-384'),
  },
  'sha3-512': {
    bytes: 64,
    collisionBits: 256,
    openssl: 'SHA3-512',
    oid: `${NIST}.10`,
    legacy: undefined,
    compute: native('sha3-512'),
  },
  'blake2b-256': {
    bytes: 32,
    collisionBits: 128,
    openssl: undefined,
    oid: undefined,
    legacy: undefined,
    compute: (message) => blake2b(message, { dkLen: 32 }),
  },
  'blake2b-384': {
    bytes: 48,
    collisionBits: 192,
    openssl: undefined,
    oid: undefined,
    legacy: undefined,
    compute: (message) => blake2b(message, { dkLen: 48 }),
  },
  'blake2b-512': {
    bytes: 64,
    collisionBits: 256,
    openssl: 'BLAKE2B-512',
    oid: undefined,
    legacy: undefined,
    compute: native('blake2b512'),
  },
  'blake2s-256': {
    bytes: 32,
    collisionBits: 128,
    openssl: 'BLAKE2S-256',
    oid: undefined,
    legacy: undefined,
    compute: native('blake2s256'),
  },
  ripemd160: {
    bytes: 20,
    collisionBits: 80,
    openssl: 'RIPEMD160',
    oid: '1.3.36.3.2.1',
    legacy: 'ripemd160',
    compute: native('ripemd160'),
  },
  /** MD5(m) || SHA-1(m), what SSL 3.0 to TLS 1.1 sign with RSA (RFC 4346, section 4.7). */
  ssl3: {
    bytes: 36,
    collisionBits: 0,
    openssl: 'MD5-SHA1',
    oid: undefined,
    legacy: 'ssl3',
    compute: native('md5-sha1'),
  },
} as const satisfies Record<string, Digest>;

export type DigestName = keyof typeof DIGESTS;

/** Whether a word from outside names a digest; `constructor` and its kind don't. */
export function isDigestName(name: unknown): name is DigestName {
  return typeof name === 'string' && Object.hasOwn(DIGESTS, name);
}

export const DIGEST_NAMES = Object.keys(DIGESTS) as readonly DigestName[];

/** A digest's entry, widened so that all its members can be read alike. */
export function findDigest(name: DigestName): Digest {
  return DIGESTS[name];
}
