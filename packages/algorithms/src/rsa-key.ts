/** RSA keys in PKCS#1 (RFC 8017, appendix A.1), and the bounds that we set them. Imports no engine. */
import type { KeyParameters } from './algorithm.ts';
import { DER_TAGS, DerError, DerReader, encodeDer, encodeUnsignedInteger } from './der.ts';
import { equalBytes, isObjectIdentifier, readPrivateKeyInfo } from './private-key-info.ts';

export const RSA_ENCRYPTION = '1.2.840.113549.1.1.1';

/** Inclusive. Below, a modulus can be factored; above, one signature takes so long that a few callers block the rest. */
export const MIN_MODULUS_BITS = 1024;
export const MAX_MODULUS_BITS = 8192;
export const DEFAULT_MODULUS_BITS = 3072;

/** F4: small enough to verify fast, large enough for what breaks with 3. */
export const DEFAULT_PUBLIC_EXPONENT = 65537;
export const MIN_PUBLIC_EXPONENT = 3;
/** OpenSSL verifies with larger ones only for small moduli, and nobody needs them. */
export const MAX_PUBLIC_EXPONENT = 2 ** 32 - 1;

/** What `MAX_MODULUS_BITS` fits into with room, so that a larger encoding needn't be read. */
const MAX_ENCODED_BYTES = 8192;

/** Magnitudes, big-endian, without leading zeros. */
export interface RsaPublicKey {
  readonly modulus: Uint8Array;
  readonly publicExponent: Uint8Array;
}

/** The members of RSAPrivateKey in its order; views of the input, so that nothing secret is copied. */
export interface RsaPrivateKey extends RsaPublicKey {
  readonly privateExponent: Uint8Array;
  readonly prime1: Uint8Array;
  readonly prime2: Uint8Array;
  readonly exponent1: Uint8Array;
  readonly exponent2: Uint8Array;
  readonly coefficient: Uint8Array;
}

/** @throws DerError for anything but one RSAPublicKey */
export function readRsaPublicKey(encoded: Uint8Array): RsaPublicKey {
  const outer = openEncoding(encoded);
  const key = outer.enter(DER_TAGS.sequence);
  outer.end();
  const modulus = key.readUnsignedInteger();
  const publicExponent = key.readUnsignedInteger();
  key.end();
  return { modulus, publicExponent };
}

/** @throws DerError for anything but one RSAPrivateKey with two primes */
export function readRsaPrivateKey(encoded: Uint8Array): RsaPrivateKey {
  const outer = openEncoding(encoded);
  const key = outer.enter(DER_TAGS.sequence);
  outer.end();
  if (key.readSmallInteger() !== 0) throw new DerError('an RSA key of more than two primes is not supported');
  const read = {
    modulus: key.readUnsignedInteger(),
    publicExponent: key.readUnsignedInteger(),
    privateExponent: key.readUnsignedInteger(),
    prime1: key.readUnsignedInteger(),
    prime2: key.readUnsignedInteger(),
    exponent1: key.readUnsignedInteger(),
    exponent2: key.readUnsignedInteger(),
    coefficient: key.readUnsignedInteger(),
  };
  key.end();
  return read;
}

/** The RSAPrivateKey of an encoding that is one, or that is a PKCS#8 around one; a view. @throws DerError */
export function unwrapRsaPrivateKey(encoded: Uint8Array): Uint8Array {
  const outer = openEncoding(encoded);
  const probe = outer.enter(DER_TAGS.sequence);
  outer.end();
  probe.readSmallInteger();
  if (probe.peekTag() === DER_TAGS.integer) return encoded;
  const info = readPrivateKeyInfo(encoded);
  if (!isObjectIdentifier(info.algorithm, RSA_ENCRYPTION)) throw new DerError('the key is of another algorithm');
  if (!equalBytes(info.parameters, encodeDer(DER_TAGS.null))) throw new DerError('rsaEncryption has NULL parameters');
  return info.privateKey;
}

function openEncoding(encoded: Uint8Array): DerReader {
  if (encoded.length > MAX_ENCODED_BYTES) throw new DerError('the encoding is too long for an RSA key');
  return new DerReader(encoded);
}

export function encodeRsaPublicKey(key: RsaPublicKey): Uint8Array {
  return encodeDer(DER_TAGS.sequence, encodeUnsignedInteger(key.modulus), encodeUnsignedInteger(key.publicExponent));
}

/**
 * Modulus and exponent as key parameters.
 *
 * @throws DerError outside the bounds. The modulus may have any length in them: generators that make one of 2047 bits
 * exist, and their keys are sound
 */
export function rsaParameters(key: RsaPublicKey): RsaParameters {
  const modulusBits = bitLength(key.modulus);
  if (modulusBits < MIN_MODULUS_BITS || modulusBits > MAX_MODULUS_BITS) {
    throw new DerError(`the modulus has ${modulusBits} bits; ${MIN_MODULUS_BITS} to ${MAX_MODULUS_BITS} are supported`);
  }
  if (!isOdd(key.modulus)) throw new DerError('the modulus is even');
  const publicExponent = key.publicExponent.length > 4 ? Number.POSITIVE_INFINITY : toNumber(key.publicExponent);
  if (!isPublicExponent(publicExponent)) {
    throw new DerError(`the public exponent must be odd, from ${MIN_PUBLIC_EXPONENT} to ${MAX_PUBLIC_EXPONENT}`);
  }
  return { modulusBits, publicExponent };
}

export type RsaParameters = {
  readonly modulusBits: number;
  readonly publicExponent: number;
};

export function isPublicExponent(value: unknown): value is number {
  return (
    typeof value === 'number' &&
    Number.isInteger(value) &&
    value >= MIN_PUBLIC_EXPONENT &&
    value <= MAX_PUBLIC_EXPONENT &&
    value % 2 === 1
  );
}

/** Bits of a magnitude without leading zeros. */
export function bitLength(magnitude: Uint8Array): number {
  return magnitude.length === 0 ? 0 : magnitude.length * 8 - (Math.clz32(magnitude[0] ?? 0) - 24);
}

/** Length of every signature of the key in bytes. */
export function rsaSignatureBytes(parameters: KeyParameters): number {
  return Math.ceil(Number(parameters['modulusBits']) / 8);
}

function isOdd(magnitude: Uint8Array): boolean {
  return ((magnitude.at(-1) ?? 0) & 1) === 1;
}

function toNumber(magnitude: Uint8Array): number {
  return magnitude.reduce((value, byte) => value * 256 + byte, 0);
}
