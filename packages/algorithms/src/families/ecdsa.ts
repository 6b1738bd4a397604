/** ECDSA (FIPS 186-5, section 6) on every short Weierstrass curve that we have. */
import type { Algorithm, EngineBinding, Payload, Prepared, Scheme, SigningOptions } from '../algorithm.ts';
import { encodeObjectIdentifier } from '../der.ts';
import { type Digest, type DigestName, findDigest } from '../digests.ts';
import { maxEcdsaSignatureBytes } from '../ecdsa-signature.ts';
import { refuseParameters } from '../refuse-parameters.ts';
import { encodeSubjectPublicKeyInfo } from '../spki.ts';
import { findUnusedOption } from '../unused-options.ts';
import { WEIERSTRASS_CURVES, type WeierstrassCurveName } from '../weierstrass-curves.ts';

const EC_PUBLIC_KEY = '1.2.840.10045.2.1';

/** Why a digest can't drive RFC 6979 with an algorithm's engines, or undefined where it can. */
type DeterminismLimit = (name: DigestName, digest: Digest) => string | undefined;

/** What differs between the curves, by their engines and by habit. */
interface Features {
  readonly determinismLimit: DeterminismLimit;
  readonly options: readonly (keyof SigningOptions)[];
  /** The hash that is meant where a digest comes without a name; undefined: a name is needed. */
  readonly unnamedDigest: DigestName | undefined;
  readonly derivesChildren: boolean;
}

/** OpenSSL runs the HMAC of RFC 6979 with any hash that it knows. */
const openssl: DeterminismLimit = (name, digest) =>
  digest.openssl === undefined
    ? `RFC 6979 needs an HMAC with ${name}, which OpenSSL doesn't have; ask for a randomised signature, or use another hash`
    : undefined;

/** libsecp256k1 derives its nonces with HMAC-SHA-256 and no other. */
const libsecp256k1: DeterminismLimit = (name) =>
  name === 'sha-256'
    ? undefined
    : 'deterministic signatures on secp256k1 derive their nonce with HMAC-SHA-256; ask for a randomised signature, or use sha-256';

const NIST: Features = {
  determinismLimit: openssl,
  options: ['deterministic'],
  unnamedDigest: undefined,
  derivesChildren: false,
};

/**
 * Chains hash with functions that have no name here (Keccak-256), and all of them take nonces from HMAC-SHA-256, so that
 * an unnamed digest of 32 bytes is signed like one of SHA-256.
 */
const SECP256K1: Features = {
  determinismLimit: libsecp256k1,
  options: ['deterministic', 'recoverable'],
  unnamedDigest: 'sha-256',
  derivesChildren: true,
};

function ecdsa(
  name: string,
  curveName: WeierstrassCurveName,
  features: Features,
  engines: Algorithm['engines'],
): Algorithm {
  const curve = WEIERSTRASS_CURVES[curveName];
  const parameters = encodeObjectIdentifier(curve.oid);
  return {
    name,
    operation: 'sign',
    derivesChildren: features.derivesChildren,
    parseParameters: refuseParameters,
    prepare: (payload, options) => prepare(payload, options, features),
    legacyKeyUse: () => (curve.legacy === undefined ? [] : [curve.legacy]),
    keySizeBits: () => curve.fieldBits,
    encodeSpki: (publicKey) => encodeSubjectPublicKeyInfo(EC_PUBLIC_KEY, parameters, publicKey),
    maxSignatureBytes: () => maxEcdsaSignatureBytes(curve.orderBits),
    engines,
  };
}

// One object for all items, since a batch holds thousands of them until its last signature is made.
const RANDOMISED: Scheme = { deterministic: false };
const RANDOMISED_RECOVERABLE: Scheme = { deterministic: false, recoverable: true };

/**
 * The schemes are `{ deterministic: false }` and `{ deterministic: true, digest }`, both with `recoverable: true` where
 * the recoverable form is wanted; the bytes are always a digest.
 */
function prepare(payload: Payload, options: SigningOptions, features: Features): Prepared {
  const unused = findUnusedOption(options, features.options);
  if (unused !== undefined) return { ok: false, reason: unused };
  const name = payload.digest ?? (payload.kind === 'digest' ? features.unnamedDigest : undefined);
  if (name === undefined) {
    return { ok: false, reason: 'ECDSA signs a digest: name the hash that made it, or that is to hash the message' };
  }
  if (name === 'ssl3')
    return { ok: false, reason: 'the MD5 and SHA-1 pair of SSL 3 is for RSA with PKCS #1 v1.5 only' };
  const digest = findDigest(name);
  if (payload.kind === 'digest' && payload.bytes.length !== digest.bytes) {
    return { ok: false, reason: `a ${name} digest has ${digest.bytes} bytes, not ${payload.bytes.length}` };
  }
  const limit = options.deterministic === true ? features.determinismLimit(name, digest) : undefined;
  if (limit !== undefined) return { ok: false, reason: limit };
  return {
    ok: true,
    value: {
      scheme: schemeOf(name, options),
      bytes: payload.kind === 'digest' ? payload.bytes : digest.compute(payload.bytes),
      legacy: digest.legacy === undefined ? [] : [digest.legacy],
    },
  };
}

function schemeOf(digest: DigestName, { deterministic, recoverable }: SigningOptions): Scheme {
  if (deterministic !== true) return recoverable === true ? RANDOMISED_RECOVERABLE : RANDOMISED;
  return recoverable === true ? { deterministic, digest, recoverable } : { deterministic, digest };
}

function opensslOn(curve: WeierstrassCurveName): EngineBinding {
  return {
    name: 'openssl',
    load: () => import('../engines/openssl/ecdsa.ts').then((engine) => engine.loadEngine(curve)),
  };
}

export const ecdsaP192 = ecdsa('ecdsa-p192', 'p-192', NIST, [opensslOn('p-192')]);
export const ecdsaP224 = ecdsa('ecdsa-p224', 'p-224', NIST, [opensslOn('p-224')]);
export const ecdsaP256 = ecdsa('ecdsa-p256', 'p-256', NIST, [opensslOn('p-256')]);
export const ecdsaP384 = ecdsa('ecdsa-p384', 'p-384', NIST, [opensslOn('p-384')]);
export const ecdsaP521 = ecdsa('ecdsa-p521', 'p-521', NIST, [opensslOn('p-521')]);
export const ecdsaSecp192k1 = ecdsa('ecdsa-secp192k1', 'secp192k1', NIST, [opensslOn('secp192k1')]);
export const ecdsaSecp224k1 = ecdsa('ecdsa-secp224k1', 'secp224k1', NIST, [opensslOn('secp224k1')]);
/** Signatures are low-S on every engine, DER or `r || s || recovery id`. */
export const ecdsaSecp256k1 = ecdsa('ecdsa-secp256k1', 'secp256k1', SECP256K1, [
  {
    name: 'libsecp256k1',
    load: () => import('../engines/libsecp256k1/ecdsa.ts').then((engine) => engine.loadEngine()),
  },
  {
    name: 'secp256k1-npm',
    load: () => import('../engines/secp256k1-npm/ecdsa.ts').then((engine) => engine.loadEngine()),
  },
]);
