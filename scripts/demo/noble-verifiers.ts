/**
 * Verification by @noble/curves and @noble/post-quantum, which share no code with the engines of the service.
 * Public keys are in the forms of the DSM dialect: SubjectPublicKeyInfo, and 32 bytes for BIP340.
 */
import { createHash, hash } from 'node:crypto';
import { ed448 } from '@noble/curves/ed448.js';
import { ed25519 } from '@noble/curves/ed25519.js';
import { p256, p384, p521 } from '@noble/curves/nist.js';
import { schnorr, secp256k1 } from '@noble/curves/secp256k1.js';
import { ml_dsa44, ml_dsa65, ml_dsa87 } from '@noble/post-quantum/ml-dsa.js';

const ECDSA_CURVES = { NistP256: p256, NistP384: p384, NistP521: p521, SecP256K1: secp256k1 } as const;
export type NobleEcdsaCurve = keyof typeof ECDSA_CURVES;

const ML_DSA = { MlDsa44: ml_dsa44, MlDsa65: ml_dsa65, MlDsa87: ml_dsa87 } as const;
export type MlDsaParameterSet = keyof typeof ML_DSA;

/** DER of the identifier of SHA-512, as FIPS 204, section 5.4.1, puts it before the digest. */
const SHA512_OID = Buffer.from('0609608648016503040203', 'hex');

export function verifyEcdsa(
  curveName: NobleEcdsaCurve,
  publicKey: Uint8Array,
  digest: Uint8Array,
  signature: Uint8Array,
): boolean {
  const curve = ECDSA_CURVES[curveName];
  // secp256k1 is low-S by promise, so a high S is an error there and only there.
  const lowS = curveName === 'SecP256K1';
  return curve.verify(signature, digest, tail(publicKey, curve.lengths.publicKeyUncompressed), {
    prehash: false,
    format: 'der',
    lowS,
  });
}

export function verifyEd25519(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  return ed25519.verify(signature, message, tail(publicKey, 32), { zip215: false });
}

export function verifyEd448(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  return ed448.verify(signature, message, tail(publicKey, 57));
}

/** `merkleRoot` as in BIP341: undefined for no tweak, empty for an output without a script path. */
export function verifyBip340(
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
  merkleRoot: Uint8Array | undefined,
): boolean {
  const { lift_x, taggedHash } = schnorr.utils;
  if (merkleRoot === undefined) return schnorr.verify(signature, message, publicKey);
  const internal = lift_x(BigInt(`0x${Buffer.from(publicKey).toString('hex')}`));
  const tweak = BigInt(`0x${Buffer.from(taggedHash('TapTweak', publicKey, merkleRoot)).toString('hex')}`);
  const output = internal.add(secp256k1.Point.BASE.multiply(tweak));
  return schnorr.verify(signature, message, output.toBytes(true).subarray(1));
}

/** ML-DSA over the message itself, or over its SHA-512 where `preHashed` (HashML-DSA). */
export function verifyMlDsa(
  parameterSet: MlDsaParameterSet,
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
  context: Uint8Array,
  preHashed: boolean,
): boolean {
  const algorithm = ML_DSA[parameterSet];
  const key = mlDsaKey(parameterSet, publicKey);
  if (!preHashed) return algorithm.verify(signature, message, key, { context });
  const header = Uint8Array.of(1, context.length);
  const encoded = Buffer.concat([header, context, SHA512_OID, hash('sha512', message, 'buffer')]);
  return algorithm.internal.verify(signature, encoded, key);
}

/** mu of FIPS 204, algorithm 2 and 7, for ML-DSA over `message` with an empty context: 64 bytes. */
export function externalMu(parameterSet: MlDsaParameterSet, publicKey: Uint8Array, message: Uint8Array): Uint8Array {
  const key = mlDsaKey(parameterSet, publicKey);
  const tr = createHash('shake256', { outputLength: 64 }).update(key).digest();
  return createHash('shake256', { outputLength: 64 }).update(tr).update(Uint8Array.of(0, 0)).update(message).digest();
}

function mlDsaKey(parameterSet: MlDsaParameterSet, publicKey: Uint8Array): Uint8Array {
  const bytes = ML_DSA[parameterSet].lengths.publicKey;
  if (bytes === undefined) throw new Error('the length of the public key is unknown');
  return tail(publicKey, bytes);
}

/** The key inside a SubjectPublicKeyInfo, whose last bytes it always is. */
function tail(subjectPublicKeyInfo: Uint8Array, bytes: number | undefined): Uint8Array {
  if (bytes === undefined || subjectPublicKeyInfo.length <= bytes)
    throw new Error(`a public key of ${subjectPublicKeyInfo.length} bytes is too short`);
  return subjectPublicKeyInfo.subarray(subjectPublicKeyInfo.length - bytes);
}
