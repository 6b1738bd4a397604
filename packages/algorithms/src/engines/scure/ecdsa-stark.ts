/**
 * ECDSA on Starknet's curve by @scure/starknet, for which no native library is at hand. It isn't constant-time, and while
 * it signs, the private key is text and big integers on the heap of JavaScript, where nobody can wipe it. Between
 * signatures it lies in locked memory like every other key.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { getPublicKey, Point, Signature, sign, verify } from '@scure/starknet';
import type { Scheme } from '../../algorithm.ts';
import { isValidScalar, randomScalar } from '../../ec-scalar.ts';
import { maxEcdsaSignatureBytes, readEcdsaSignature, writeEcdsaSignature } from '../../ecdsa-signature.ts';
import { type Engine, EngineFailure, type KeyMaterial, type SigningKey, type VerifyingKey } from '../../engine.ts';
import { assertSchemeMembers } from '../../scheme-members.ts';
import { copySecret, freeSecret } from '../../secret-memory.ts';
import { isStarkDigest, STARK_ORDER_BITS } from '../../stark-curve.ts';

const SCALAR_BYTES = 32;
const POINT_BYTES = 65;
const UNCOMPRESSED = 0x04;
const RECOVERABLE_BYTES = 2 * SCALAR_BYTES + 1;
const RECOVERY_IDS = 4;
const MAX_SIGNATURE_BYTES = maxEcdsaSignatureBytes(STARK_ORDER_BITS);
const ORDER = Buffer.from(Point.Fn.ORDER.toString(16).padStart(2 * SCALAR_BYTES, '0'), 'hex');

export async function loadEngine(): Promise<Engine> {
  return {
    description: `@scure/starknet ${version()}: JavaScript, not constant-time`,
    generate: () => materialOf(randomScalar(ORDER)),
    // The field has no encoding of its own for private keys of this curve: 32 big-endian bytes are what wallets show.
    importPrivate: (encoded) => {
      assertPrivateKey(encoded);
      return materialOf(copySecret(encoded));
    },
    loadPrivate,
    loadPublic,
  };
}

/** Takes over `scalar`. */
function materialOf(scalar: Buffer): KeyMaterial {
  return { privateKey: scalar, publicKey: getPublicKey(scalar, false), parameters: {} };
}

function assertPrivateKey(privateKey: Uint8Array): void {
  if (privateKey.length !== SCALAR_BYTES) {
    throw new EngineFailure('invalid_key', `a private key of the Stark curve has 32 bytes, not ${privateKey.length}`);
  }
  if (!isValidScalar(privateKey, ORDER)) throw new EngineFailure('invalid_key', 'the private key is out of range');
}

function loadPrivate(privateKey: Uint8Array): SigningKey {
  assertPrivateKey(privateKey);
  const scalar = copySecret(privateKey);
  let destroyed = false;
  const assertAlive = (): void => {
    if (destroyed) throw new EngineFailure('engine_error', 'the key was destroyed');
  };
  return {
    publicKey: getPublicKey(scalar, false),
    signer: (scheme) => {
      const isRecoverable = parseScheme(scheme);
      assertAlive();
      return (payload, out) => {
        assertAlive();
        if (!isStarkDigest(payload)) throw new EngineFailure('invalid_payload', 'a digest is 32 bytes below 2^251');
        if (out.length < MAX_SIGNATURE_BYTES) throw new EngineFailure('engine_error', 'no room for the signature');
        const signature = signDigest(payload, scalar);
        const rs = signature.toBytes('compact');
        if (!isRecoverable) return writeEcdsaSignature(rs, out);
        if (signature.recovery === undefined) throw noSignature();
        out.set(rs);
        out[2 * SCALAR_BYTES] = signature.recovery;
        return RECOVERABLE_BYTES;
      };
    },
    destroy: () => {
      if (destroyed) return;
      destroyed = true;
      freeSecret(scalar);
    },
  };
}

function signDigest(digest: Uint8Array, scalar: Buffer): ReturnType<typeof sign> {
  try {
    return sign(digest, scalar, { format: 'recovered' });
  } catch {
    // An r, or an inverse of s, of 2^251 or above: a chance of 2^-55. The cause may tell of the key, and isn't kept.
    throw noSignature();
  }
}

function loadPublic(publicKey: Uint8Array): VerifyingKey {
  if (publicKey.length !== POINT_BYTES || publicKey[0] !== UNCOMPRESSED) {
    throw new EngineFailure('invalid_key', 'a public key is an uncompressed point of 65 bytes');
  }
  const own = Uint8Array.from(publicKey);
  try {
    Point.fromBytes(own).assertValidity();
  } catch (cause) {
    throw new EngineFailure('invalid_key', 'not a point of the Stark curve', { cause });
  }
  return {
    verifier: (scheme) => {
      const isRecoverable = parseScheme(scheme);
      return (payload, signature) =>
        isStarkDigest(payload) &&
        (isRecoverable ? verifyRecoverable(payload, signature, own) : verifyDer(payload, signature, own));
    },
    destroy: () => {},
  };
}

function verifyDer(digest: Uint8Array, signature: Uint8Array, publicKey: Uint8Array): boolean {
  const rs = readEcdsaSignature(signature, SCALAR_BYTES);
  return rs !== undefined && holds(() => verify(Signature.fromBytes(rs, 'compact'), digest, publicKey));
}

function verifyRecoverable(digest: Uint8Array, signature: Uint8Array, publicKey: Uint8Array): boolean {
  const recoveryId = signature[RECOVERABLE_BYTES - 1] ?? RECOVERY_IDS;
  if (signature.length !== RECOVERABLE_BYTES || recoveryId >= RECOVERY_IDS) return false;
  const rs = Uint8Array.from(signature.subarray(0, 2 * SCALAR_BYTES));
  return holds(() => {
    const parsed = Signature.fromBytes(rs, 'compact');
    if (!verify(parsed, digest, publicKey)) return false;
    const recovered = parsed.addRecoveryBit(recoveryId).recoverPublicKey(digest).toBytes(false);
    return Buffer.compare(recovered, publicKey) === 0;
  });
}

/** The library throws for numbers out of range, which is one more way to be no signature. */
function holds(check: () => boolean): boolean {
  try {
    return check();
  } catch {
    return false;
  }
}

/** Whether the recoverable form is wanted. @throws EngineFailure `invalid_scheme` */
function parseScheme(scheme: Scheme): boolean {
  assertSchemeMembers(scheme, ['recoverable']);
  const { recoverable = false } = scheme as { recoverable?: unknown };
  if (typeof recoverable !== 'boolean') throw new EngineFailure('invalid_scheme', 'recoverable must be a boolean');
  return recoverable;
}

function noSignature(): EngineFailure {
  return new EngineFailure('engine_error', 'no signature could be made');
}

function version(): string {
  // The package exports its module only, which lies beside its package.json.
  const module = createRequire(import.meta.url).resolve('@scure/starknet');
  const { version: text } = JSON.parse(readFileSync(join(dirname(module), 'package.json'), 'utf8')) as {
    version: string;
  };
  return text;
}
