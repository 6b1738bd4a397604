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

function ecdsa(
  name: string,
  curveName: WeierstrassCurveName,
  determinismLimit: DeterminismLimit,
  engines: Algorithm['engines'],
): Algorithm {
  const curve = WEIERSTRASS_CURVES[curveName];
  const parameters = encodeObjectIdentifier(curve.oid);
  return {
    name,
    parseParameters: refuseParameters,
    prepare: (payload, options) => prepare(payload, options, determinismLimit),
    legacyKeyUse: () => (curve.legacy === undefined ? [] : [curve.legacy]),
    keySizeBits: () => curve.fieldBits,
    encodeSpki: (publicKey) => encodeSubjectPublicKeyInfo(EC_PUBLIC_KEY, parameters, publicKey),
    maxSignatureBytes: () => maxEcdsaSignatureBytes(curve.orderBits),
    engines,
  };
}

// One object for all items, since a batch holds thousands of them until its last signature is made.
const RANDOMISED: Scheme = { deterministic: false };

/** The schemes are `{ deterministic: false }` and `{ deterministic: true, digest }`; the bytes are always a digest. */
function prepare(payload: Payload, options: SigningOptions, determinismLimit: DeterminismLimit): Prepared {
  const unused = findUnusedOption(options, ['deterministic']);
  if (unused !== undefined) return { ok: false, reason: unused };
  const name = payload.digest;
  if (name === undefined) {
    return { ok: false, reason: 'ECDSA signs a digest: name the hash that made it, or that is to hash the message' };
  }
  if (name === 'ssl3')
    return { ok: false, reason: 'the MD5 and SHA-1 pair of SSL 3 is for RSA with PKCS #1 v1.5 only' };
  const digest = findDigest(name);
  if (payload.kind === 'digest' && payload.bytes.length !== digest.bytes) {
    return { ok: false, reason: `a ${name} digest has ${digest.bytes} bytes, not ${payload.bytes.length}` };
  }
  const limit = options.deterministic === true ? determinismLimit(name, digest) : undefined;
  if (limit !== undefined) return { ok: false, reason: limit };
  return {
    ok: true,
    value: {
      scheme: options.deterministic === true ? { deterministic: true, digest: name } : RANDOMISED,
      bytes: payload.kind === 'digest' ? payload.bytes : digest.compute(payload.bytes),
      legacy: digest.legacy === undefined ? [] : [digest.legacy],
    },
  };
}

function opensslOn(curve: WeierstrassCurveName): EngineBinding {
  return {
    name: 'openssl',
    load: () => import('../engines/openssl/ecdsa.ts').then((engine) => engine.loadEngine(curve)),
  };
}

export const ecdsaP192 = ecdsa('ecdsa-p192', 'p-192', openssl, [opensslOn('p-192')]);
export const ecdsaP224 = ecdsa('ecdsa-p224', 'p-224', openssl, [opensslOn('p-224')]);
export const ecdsaP256 = ecdsa('ecdsa-p256', 'p-256', openssl, [opensslOn('p-256')]);
export const ecdsaP384 = ecdsa('ecdsa-p384', 'p-384', openssl, [opensslOn('p-384')]);
export const ecdsaP521 = ecdsa('ecdsa-p521', 'p-521', openssl, [opensslOn('p-521')]);
export const ecdsaSecp192k1 = ecdsa('ecdsa-secp192k1', 'secp192k1', openssl, [opensslOn('secp192k1')]);
export const ecdsaSecp224k1 = ecdsa('ecdsa-secp224k1', 'secp224k1', openssl, [opensslOn('secp224k1')]);
/** Signatures are low-S on every engine. */
export const ecdsaSecp256k1 = ecdsa('ecdsa-secp256k1', 'secp256k1', libsecp256k1, [
  {
    name: 'libsecp256k1',
    load: () => import('../engines/libsecp256k1/ecdsa.ts').then((engine) => engine.loadEngine()),
  },
  {
    name: 'secp256k1-npm',
    load: () => import('../engines/secp256k1-npm/ecdsa.ts').then((engine) => engine.loadEngine()),
  },
]);
