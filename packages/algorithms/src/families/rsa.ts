/** RSA signatures: PKCS #1 v1.5 and PSS (RFC 8017, section 8). */
import type { Algorithm, KeyParameters, Payload, Prepared, Scheme, SigningOptions } from '../algorithm.ts';
import { DER_TAGS, encodeDer } from '../der.ts';
import { type DigestName, findDigest } from '../digests.ts';
import { minPssModulusBits, PKCS1_DIGESTS, PSS_DIGESTS } from '../rsa-digests.ts';
import {
  DEFAULT_MODULUS_BITS,
  DEFAULT_PUBLIC_EXPONENT,
  isPublicExponent,
  MAX_MODULUS_BITS,
  MAX_PUBLIC_EXPONENT,
  MIN_MODULUS_BITS,
  MIN_PUBLIC_EXPONENT,
  RSA_ENCRYPTION,
  rsaSignatureBytes,
} from '../rsa-key.ts';
import { encodeSubjectPublicKeyInfo } from '../spki.ts';
import { findUnusedOption } from '../unused-options.ts';

const NULL = encodeDer(DER_TAGS.null);
const LEGACY_BELOW_BITS = 2048;

export const rsa: Algorithm = {
  name: 'rsa',
  operation: 'sign',
  derivesChildren: false,
  parseParameters,
  prepare,
  legacyKeyUse: ({ modulusBits }) => (Number(modulusBits) < LEGACY_BELOW_BITS ? ['rsa-below-2048'] : []),
  keySizeBits: ({ modulusBits }) => Number(modulusBits),
  encodeSpki: (publicKey) => encodeSubjectPublicKeyInfo(RSA_ENCRYPTION, NULL, publicKey),
  maxSignatureBytes: rsaSignatureBytes,
  engines: [{ name: 'openssl', load: () => import('../engines/openssl/rsa.ts').then((engine) => engine.loadEngine()) }],
};

/** `modulusBits`: a multiple of 8, 1024 to 8192, default 3072. `publicExponent`: odd, 3 to 2^32 - 1, default 65537. */
function parseParameters(parameters: KeyParameters): ReturnType<Algorithm['parseParameters']> {
  const { modulusBits = DEFAULT_MODULUS_BITS, publicExponent = DEFAULT_PUBLIC_EXPONENT, ...others } = parameters;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) return { ok: false, reason: `RSA keys have no parameter ${unknown}` };
  if (
    typeof modulusBits !== 'number' ||
    modulusBits < MIN_MODULUS_BITS ||
    modulusBits > MAX_MODULUS_BITS ||
    modulusBits % 8 !== 0
  ) {
    return {
      ok: false,
      reason: `the modulus must have ${MIN_MODULUS_BITS} to ${MAX_MODULUS_BITS} bits, a multiple of 8`,
    };
  }
  if (!isPublicExponent(publicExponent)) {
    return {
      ok: false,
      reason: `the public exponent must be odd, from ${MIN_PUBLIC_EXPONENT} to ${MAX_PUBLIC_EXPONENT}`,
    };
  }
  return { ok: true, value: { modulusBits, publicExponent } };
}

/**
 * Without a padding, PKCS #1 v1.5. The schemes are `{ padding: 'pkcs1-v1.5', digest }` and
 * `{ padding: 'pss', digest, mgf1Digest }`; the bytes are always a digest.
 */
function prepare(payload: Payload, options: SigningOptions, parameters: KeyParameters): Prepared {
  const unused = findUnusedOption(options, ['padding', 'mgf1Digest', 'deterministic']);
  if (unused !== undefined) return { ok: false, reason: unused };
  const name = payload.digest;
  if (name === undefined) {
    return { ok: false, reason: 'RSA signs a digest: name the hash that made it, or that is to hash the message' };
  }
  const digest = findDigest(name);
  if (payload.kind === 'digest' && payload.bytes.length !== digest.bytes) {
    return { ok: false, reason: `a ${name} digest has ${digest.bytes} bytes, not ${payload.bytes.length}` };
  }
  const padded = options.padding === 'pss' ? pss(name, options, parameters) : pkcs1(name, options);
  if (!padded.ok) return padded;
  return {
    ok: true,
    value: {
      scheme: padded.scheme,
      bytes: payload.kind === 'digest' ? payload.bytes : digest.compute(payload.bytes),
      legacy: digest.legacy === undefined ? [] : [digest.legacy],
    },
  };
}

type Padded = { readonly ok: true; readonly scheme: Scheme } | { readonly ok: false; readonly reason: string };

// One object for all items, since a batch holds thousands of them until its last signature is made.
const PKCS1: ReadonlyMap<DigestName, Padded> = new Map(
  PKCS1_DIGESTS.map((digest) => [digest, { ok: true, scheme: { padding: 'pkcs1-v1.5', digest } }]),
);

/** `deterministic` may have either value: this padding has no other way. */
function pkcs1(digest: DigestName, options: SigningOptions): Padded {
  if (options.mgf1Digest !== undefined) {
    return { ok: false, reason: 'an MGF1 hash is for RSA-PSS only; leave it out, or ask for the padding pss' };
  }
  return PKCS1.get(digest) ?? { ok: false, reason: `PKCS #1 v1.5 has no identifier for ${digest}; use another hash` };
}

/** The salt is as long as the digest. The hash of MGF1 may be another than the message's, weak ones included. */
function pss(digest: DigestName, options: SigningOptions, parameters: KeyParameters): Padded {
  if (options.deterministic === true) {
    return { ok: false, reason: 'RSA-PSS is randomised by its salt; leave deterministic out, or use PKCS #1 v1.5' };
  }
  if (digest === 'ssl3') {
    return { ok: false, reason: 'the MD5 and SHA-1 pair of SSL 3 is for PKCS #1 v1.5 only' };
  }
  const mgf1Digest = options.mgf1Digest ?? digest;
  for (const name of [digest, mgf1Digest]) {
    if (!PSS_DIGESTS.includes(name))
      return { ok: false, reason: `RSA-PSS can't be made with ${name}; use another hash` };
  }
  const needed = minPssModulusBits(digest);
  if (Number(parameters['modulusBits']) < needed) {
    return {
      ok: false,
      reason: `RSA-PSS with ${digest} needs a modulus of ${needed} bits or more; use a shorter hash or a larger key`,
    };
  }
  return { ok: true, scheme: { padding: 'pss', digest, mgf1Digest } };
}
