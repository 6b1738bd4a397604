/** ECDSA on the NIST and secp curves: digests in, DER out (FIPS 186-5, section 6). */
import type { Scheme } from '../../algorithm.ts';
import { DerError } from '../../der.ts';
import { DIGEST_NAMES, type DigestName, findDigest, isDigestName } from '../../digests.ts';
import { type EcPrivateKey, readEcPrivateKey } from '../../ec-private-key.ts';
import { isValidScalar, randomScalar } from '../../ec-scalar.ts';
import { maxEcdsaSignatureBytes, readEcdsaSignature } from '../../ecdsa-signature.ts';
import { type Engine, EngineFailure, type KeyMaterial, type SigningKey, type VerifyingKey } from '../../engine.ts';
import { equalBytes } from '../../private-key-info.ts';
import { copySecret, freeSecret } from '../../secret-memory.ts';
import {
  scalarBytes,
  uncompressedPointBytes,
  WEIERSTRASS_CURVES,
  type WeierstrassCurve,
  type WeierstrassCurveName,
} from '../../weierstrass-curves.ts';
import { type EcGroup, openEcGroup } from './ec-group.ts';
import { checkKey, KEY_PAIR, keyFromParams, PUBLIC_KEY, withLittleEndian } from './evp-key.ts';
import { describeLibcrypto, type Libcrypto, loadLibcrypto } from './libcrypto.ts';
import { encodeOsslParams } from './ossl-params.ts';
import { SignatureContexts, signWith, verifyWith } from './signature-context.ts';

/** The longest digest, SHA-512's; a payload beyond it was not made by our own `prepare`. */
const MAX_DIGEST_BYTES = 64;
const NONCE_TYPE_DETERMINISTIC = 1;

/** @throws EngineUnavailable */
export async function loadEngine(curveName: WeierstrassCurveName): Promise<Engine> {
  const libcrypto = await loadLibcrypto();
  const engine = openEngine(libcrypto, WEIERSTRASS_CURVES[curveName]);
  warmUp(engine, WEIERSTRASS_CURVES[curveName]);
  return engine;
}

function openEngine(libcrypto: Libcrypto, curve: WeierstrassCurve): Engine {
  const group = openEcGroup(libcrypto, curve);
  return {
    description: describeLibcrypto(libcrypto),
    generate: () => {
      const privateKey = randomScalar(group.order);
      return { privateKey, publicKey: group.derivePublicKey(privateKey), parameters: {} };
    },
    importPrivate: (encoded) => importPrivate(curve, group, encoded),
    loadPrivate: (privateKey) => loadPrivate(libcrypto, curve, group, privateKey),
    loadPublic: (publicKey) => loadPublic(libcrypto, curve, publicKey),
  };
}

function importPrivate(curve: WeierstrassCurve, group: EcGroup, encoded: Uint8Array): KeyMaterial {
  const key = parsePrivateKey(curve, encoded);
  requireScalar(key.scalar, group);
  const publicKey = group.derivePublicKey(key.scalar);
  if (key.publicKey !== undefined && !equalBytes(group.decompress(key.publicKey), publicKey)) {
    throw new EngineFailure('invalid_key', "the public key in the encoding doesn't belong to the private key");
  }
  return { privateKey: copySecret(key.scalar), publicKey, parameters: {} };
}

function parsePrivateKey(curve: WeierstrassCurve, encoded: Uint8Array): EcPrivateKey {
  try {
    return readEcPrivateKey(encoded, curve);
  } catch (cause) {
    if (!(cause instanceof DerError)) throw cause;
    throw new EngineFailure('invalid_key', `not a SEC1 or PKCS#8 key of ${curve.openssl}: ${cause.message}`, { cause });
  }
}

function requireScalar(scalar: Uint8Array, group: EcGroup): void {
  if (!isValidScalar(scalar, group.order)) {
    throw new EngineFailure('invalid_key', 'the private key is out of range or has the wrong length');
  }
}

function loadPrivate(
  libcrypto: Libcrypto,
  curve: WeierstrassCurve,
  group: EcGroup,
  privateKey: Uint8Array,
): SigningKey {
  requireScalar(privateKey, group);
  const publicKey = group.derivePublicKey(privateKey);
  const key = withLittleEndian([privateKey], ([scalar]) =>
    keyFromParams(libcrypto, 'EC', KEY_PAIR, [
      { key: 'group', text: curve.openssl },
      { key: 'priv', littleEndian: scalar },
      { key: 'pub', octets: publicKey },
    ]),
  );
  const contexts = new SignatureContexts(libcrypto, key);
  return {
    publicKey,
    signer: (scheme) => {
      const nonceDigest = parseNonceDigest(scheme);
      const context = contexts.obtain(nonceDigest ?? 'random', (fresh) =>
        libcrypto.EVP_PKEY_sign_init_ex(fresh, nonceParams(libcrypto, nonceDigest)),
      );
      const fewest = nonceDigest === undefined ? 1 : findDigest(nonceDigest).bytes;
      const most = nonceDigest === undefined ? MAX_DIGEST_BYTES : fewest;
      return (payload, out) => {
        contexts.requireAlive();
        if (payload.length < fewest || payload.length > most) {
          throw new EngineFailure('invalid_payload', 'the digest has the wrong length');
        }
        return signWith(libcrypto, context, payload, out);
      };
    },
    destroy: () => contexts.destroy(),
  };
}

function loadPublic(libcrypto: Libcrypto, curve: WeierstrassCurve, publicKey: Uint8Array): VerifyingKey {
  const UNCOMPRESSED = 0x04;
  if (publicKey.length !== uncompressedPointBytes(curve) || publicKey[0] !== UNCOMPRESSED) {
    throw new EngineFailure('invalid_key', 'the public key is not an uncompressed point of the curve');
  }
  const key = keyFromParams(libcrypto, 'EC', PUBLIC_KEY, [
    { key: 'group', text: curve.openssl },
    { key: 'pub', octets: publicKey },
  ]);
  const contexts = new SignatureContexts(libcrypto, key);
  try {
    // On the curve, coordinates in range, not at infinity; with cofactor 1 that puts it into the group as well.
    const message = 'the public key is not a point of the curve';
    checkKey(libcrypto, key, libcrypto.EVP_PKEY_public_check_quick, 'invalid_key', message);
  } catch (error) {
    contexts.destroy();
    throw error;
  }
  const width = scalarBytes(curve);
  return {
    verifier: (scheme) => {
      parseNonceDigest(scheme);
      const context = contexts.obtain('verify', (fresh) => libcrypto.EVP_PKEY_verify_init_ex(fresh, null));
      return (payload, signature) => {
        contexts.requireAlive();
        if (payload.length === 0 || payload.length > MAX_DIGEST_BYTES) return false;
        // OpenSSL compares with its own re-encoding; we don't depend on that for strictness.
        if (readEcdsaSignature(signature, width) === undefined) return false;
        return verifyWith(libcrypto, context, payload, signature);
      };
    },
    destroy: () => contexts.destroy(),
  };
}

/**
 * The hash of RFC 6979's HMAC, or undefined for a random nonce.
 *
 * @throws EngineFailure `invalid_scheme` for what `families/ecdsa.ts` doesn't write
 */
function parseNonceDigest(scheme: Scheme): DigestName | undefined {
  const { deterministic, digest, ...unknown } = scheme;
  if (Object.keys(unknown).length === 0) {
    if (deterministic === false && digest === undefined) return undefined;
    if (deterministic === true && isDigestName(digest) && canBeHmac(digest)) return digest;
  }
  throw new EngineFailure('invalid_scheme', 'not a scheme of ECDSA');
}

function canBeHmac(digest: DigestName): boolean {
  return digest !== 'ssl3' && findDigest(digest).openssl !== undefined;
}

/**
 * Without parameters OpenSSL takes a random nonce and hashes the private key and the digest into it
 * (BN_generate_dsa_nonce): a generator that repeats itself, as in a cloned virtual machine, gives one nonce to two
 * digests only if it breaks SHA-512 as well.
 */
function nonceParams(libcrypto: Libcrypto, nonceDigest: DigestName | undefined): Uint8Array | null {
  const digest = nonceDigest === undefined ? undefined : findDigest(nonceDigest).openssl;
  if (digest === undefined) return null;
  return encodeOsslParams(libcrypto, [
    { key: 'digest', text: digest },
    { key: 'nonce-type', unsignedInt: NONCE_TYPE_DETERMINISTIC },
  ]);
}

/**
 * One key through everything, so that whatever OpenSSL sets up at first use is there before the process is sealed,
 * and so that a library that can't do what we need of it is noticed now.
 */
function warmUp(engine: Engine, curve: WeierstrassCurve): void {
  const material = engine.generate({});
  const signing = engine.loadPrivate(material.privateKey, {});
  freeSecret(material.privateKey as Buffer);
  const verifying = engine.loadPublic(signing.publicKey, {});
  const out = new Uint8Array(maxEcdsaSignatureBytes(curve.orderBits));
  for (const name of [undefined, ...DIGEST_NAMES.filter(canBeHmac)]) {
    const scheme: Scheme = name === undefined ? { deterministic: false } : { deterministic: true, digest: name };
    const digest = new Uint8Array(name === undefined ? MAX_DIGEST_BYTES : findDigest(name).bytes).fill(0x5a);
    const written = signing.signer(scheme)(digest, out);
    if (!verifying.verifier(scheme)(digest, out.subarray(0, written))) {
      throw new EngineFailure('engine_error', `OpenSSL's ECDSA on ${curve.openssl} fails its check`);
    }
  }
  signing.destroy();
  verifying.destroy();
}
