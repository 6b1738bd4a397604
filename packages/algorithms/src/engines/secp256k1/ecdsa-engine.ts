/**
 * ECDSA on secp256k1 over the few functions that a native library must give. What is the same for every library is
 * here once: encodings, checks, the life of a key, low-S.
 */
import type { KeyParameters, Scheme } from '../../algorithm.ts';
import { DerError } from '../../der.ts';
import { type EcPrivateKey, readEcPrivateKey } from '../../ec-private-key.ts';
import { maxEcdsaSignatureBytes, readEcdsaSignature, writeEcdsaSignature } from '../../ecdsa-signature.ts';
import { type Engine, EngineFailure, type KeyMaterial, type SigningKey, type VerifyingKey } from '../../engine.ts';
import type { FillRandom } from '../../kernel-randomness.ts';
import { allocateSecret, copySecret, freeSecret } from '../../secret-memory.ts';
import { WEIERSTRASS_CURVES } from '../../weierstrass-curves.ts';
import { parseEcdsaScheme } from './ecdsa-scheme.ts';
import { SCALAR_BYTES, writeDigestScalar } from './group-order.ts';
import { generateScalar } from './private-scalar.ts';

/** Lengths are as the names say and checked by the caller; scalars are 32 big-endian bytes, points uncompressed. */
export interface EcdsaFunctions {
  readonly description: string;
  /** Fresh blinding for the operations with secrets. */
  readonly randomize: (seed32: Buffer) => void;
  /** 0 < scalar < n */
  readonly isPrivateKey: (scalar: Buffer) => boolean;
  readonly writePublicKey: (scalar: Buffer, point65: Buffer) => void;
  /** The library's own form of a valid point, otherwise undefined. */
  readonly parsePublicKey: (point65: Buffer) => Buffer | undefined;
  /** RFC 6979 with SHA-256, extra entropy as its section 3.6 says; r || s with a low s. False if it can't. */
  readonly sign: (digest: Buffer, scalar: Buffer, entropy32: Buffer | undefined, rs64: Buffer) => boolean;
  /** Plain ECDSA: accepts a high s too. May change `rs64`. */
  readonly verify: (rs64: Uint8Array, digest: Buffer, parsedPublicKey: Buffer) => boolean;
}

const POINT_BYTES = 65;
const UNCOMPRESSED = 0x04;
const MAX_SIGNATURE_BYTES = maxEcdsaSignatureBytes(256);

export function createEcdsaEngine(functions: EcdsaFunctions, fillRandom: FillRandom): Engine {
  // One of each per process and library: signing is synchronous, so that no two signatures share them.
  const seed = allocateSecret(32);
  const entropy = allocateSecret(32);
  const digest = Buffer.alloc(SCALAR_BYTES);
  const rs = Buffer.alloc(2 * SCALAR_BYTES);

  function publicKeyOf(scalar: Buffer): Buffer {
    const point = Buffer.alloc(POINT_BYTES);
    functions.writePublicKey(scalar, point);
    return point;
  }

  function importPrivate(encoded: Uint8Array): KeyMaterial {
    const decoded = parsePrivateKey(encoded);
    const scalar = copySecret(decoded.scalar);
    try {
      if (!functions.isPrivateKey(scalar)) throw new EngineFailure('invalid_key', 'the private key is out of range');
      const publicKey = publicKeyOf(scalar);
      if (decoded.publicKey !== undefined && !isEncodingOf(decoded.publicKey, publicKey)) {
        throw new EngineFailure('invalid_key', "the public key in the encoding doesn't belong to the private key");
      }
      return { privateKey: scalar, publicKey, parameters: {} };
    } catch (error) {
      freeSecret(scalar);
      throw error;
    }
  }

  function loadPrivate(privateKey: Uint8Array, _parameters: KeyParameters): SigningKey {
    if (privateKey.length !== SCALAR_BYTES) throw new EngineFailure('invalid_key', 'a private key has 32 bytes');
    fillRandom(seed);
    functions.randomize(seed);
    const scalar = copySecret(privateKey);
    if (!functions.isPrivateKey(scalar)) {
      freeSecret(scalar);
      throw new EngineFailure('invalid_key', 'the private key is out of range');
    }
    const publicKey = publicKeyOf(scalar);
    let destroyed = false;

    const sign = (payload: Uint8Array, out: Uint8Array, deterministic: boolean): number => {
      if (destroyed) throw new EngineFailure('engine_error', 'the key was destroyed');
      if (payload.length === 0) throw new EngineFailure('invalid_payload', 'a digest has at least one byte');
      if (out.length < MAX_SIGNATURE_BYTES) throw new EngineFailure('engine_error', 'no room for the signature');
      writeDigestScalar(payload, digest);
      // Hedged unless asked otherwise: RFC 6979 alone repeats a signature exactly, which fault attacks live on.
      if (!deterministic) fillRandom(entropy);
      if (!functions.sign(digest, scalar, deterministic ? undefined : entropy, rs)) {
        throw new EngineFailure('engine_error', 'no signature could be made');
      }
      return writeEcdsaSignature(rs, out);
    };

    return {
      publicKey,
      signer: (scheme: Scheme) => {
        const { deterministic } = parseEcdsaScheme(scheme);
        if (destroyed) throw new EngineFailure('engine_error', 'the key was destroyed');
        return (payload, out) => sign(payload, out, deterministic);
      },
      destroy: () => {
        if (destroyed) return;
        destroyed = true;
        freeSecret(scalar);
      },
    };
  }

  function loadPublic(publicKey: Uint8Array, _parameters: KeyParameters): VerifyingKey {
    if (publicKey.length !== POINT_BYTES || publicKey[0] !== UNCOMPRESSED) {
      throw new EngineFailure('invalid_key', 'a public key is an uncompressed point of 65 bytes');
    }
    const parsed = functions.parsePublicKey(Buffer.from(publicKey));
    if (parsed === undefined) throw new EngineFailure('invalid_key', 'not a point of secp256k1');
    return {
      verifier: (scheme) => {
        parseEcdsaScheme(scheme);
        return (payload, signature) => {
          if (payload.length === 0) return false;
          const parts = readEcdsaSignature(signature, SCALAR_BYTES);
          if (parts === undefined) return false;
          writeDigestScalar(payload, digest);
          return functions.verify(parts, digest, parsed);
        };
      },
      destroy: () => {},
    };
  }

  return {
    description: functions.description,
    generate: () => {
      const scalar = generateScalar(functions.isPrivateKey, fillRandom);
      return { privateKey: scalar, publicKey: publicKeyOf(scalar), parameters: {} };
    },
    importPrivate,
    loadPrivate,
    loadPublic,
  };
}

function parsePrivateKey(encoded: Uint8Array): EcPrivateKey {
  try {
    const key = readEcPrivateKey(encoded, WEIERSTRASS_CURVES.secp256k1);
    if (key.scalar.length !== SCALAR_BYTES) throw new DerError('the private key must have 32 bytes');
    return key;
  } catch (cause) {
    if (!(cause instanceof DerError)) throw cause;
    throw new EngineFailure('invalid_key', `not a SEC1 or PKCS#8 key of secp256k1: ${cause.message}`, { cause });
  }
}

/** Whether a SEC 1 point, compressed or not, is the same as an uncompressed one. */
function isEncodingOf(encoded: Uint8Array, uncompressed: Buffer): boolean {
  if (encoded.length === POINT_BYTES) return uncompressed.equals(encoded);
  const isOdd = ((uncompressed[64] ?? 0) & 1) === 1;
  return (
    encoded.length === 33 &&
    encoded[0] === (isOdd ? 0x03 : 0x02) &&
    uncompressed.subarray(1, 33).equals(encoded.subarray(1))
  );
}
