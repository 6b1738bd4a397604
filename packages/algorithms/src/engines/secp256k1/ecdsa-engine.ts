/**
 * ECDSA on secp256k1 over the few functions that a native library must give. What is the same for every library is
 * here once: encodings, checks, the life of a key, low-S.
 */
import type { KeyParameters, Scheme } from '../../algorithm.ts';
import { maxEcdsaSignatureBytes, readEcdsaSignature, writeEcdsaSignature } from '../../ecdsa-signature.ts';
import { type Engine, EngineFailure, type SigningKey, type VerifyingKey } from '../../engine.ts';
import type { FillRandom } from '../../kernel-randomness.ts';
import { allocateSecret, freeSecret } from '../../secret-memory.ts';
import { deriveChildScalar } from './derive-child.ts';
import { createEcKeys, POINT_BYTES, parsePublicKey } from './ec-keys.ts';
import { parseEcdsaScheme } from './ecdsa-scheme.ts';
import { SCALAR_BYTES, writeDigestScalar } from './group-order.ts';
import type { ScalarFunctions } from './scalar-functions.ts';

/** Lengths are as the names say and checked by the caller; scalars are 32 big-endian bytes, points uncompressed. */
export interface EcdsaFunctions extends ScalarFunctions {
  readonly description: string;
  /** Fresh blinding for the operations with secrets. */
  readonly randomize: (seed32: Buffer) => void;
  /** The library's own form of a valid point, otherwise undefined. */
  readonly parsePublicKey: (point65: Buffer) => Buffer | undefined;
  /** RFC 6979 with SHA-256, extra entropy as its section 3.6 says; r || s with a low s. False if it can't. */
  readonly sign: (digest: Buffer, scalar: Buffer, entropy32: Buffer | undefined, rs64: Buffer) => boolean;
  /** Plain ECDSA: accepts a high s too. May change `rs64`. */
  readonly verify: (rs64: Uint8Array, digest: Buffer, parsedPublicKey: Buffer) => boolean;
  /** `sign` that also gives the recovery id, 0 to 3, or -1 if it can't; undefined in a library that doesn't tell it. */
  readonly signRecoverable:
    | ((digest: Buffer, scalar: Buffer, entropy32: Buffer | undefined, rs64: Buffer) => number)
    | undefined;
  /** The public key under which a signature is valid (SEC 1, section 4.1.6); false where there's none. Public values. */
  readonly recover: (rs64: Uint8Array, recoveryId: number, digest: Buffer, point65: Buffer) => boolean;
}

const RECOVERABLE_BYTES = 2 * SCALAR_BYTES + 1;
const RECOVERY_IDS = 4;
const MAX_SIGNATURE_BYTES = maxEcdsaSignatureBytes(256);

export function createEcdsaEngine(functions: EcdsaFunctions, fillRandom: FillRandom): Engine {
  // One of each per process and library: signing is synchronous, so that no two signatures share them.
  const seed = allocateSecret(32);
  const entropy = allocateSecret(32);
  const digest = Buffer.alloc(SCALAR_BYTES);
  const rs = Buffer.alloc(2 * SCALAR_BYTES);
  const point = Buffer.alloc(POINT_BYTES);
  const keys = createEcKeys(functions, fillRandom);

  function loadPrivate(privateKey: Uint8Array, _parameters: KeyParameters): SigningKey {
    fillRandom(seed);
    functions.randomize(seed);
    const scalar = keys.copyScalar(privateKey);
    const publicKey = keys.publicKeyOf(scalar);
    let destroyed = false;

    const prepare = (payload: Uint8Array, out: Uint8Array, deterministic: boolean): void => {
      if (destroyed) throw new EngineFailure('engine_error', 'the key was destroyed');
      if (payload.length === 0) throw new EngineFailure('invalid_payload', 'a digest has at least one byte');
      if (out.length < MAX_SIGNATURE_BYTES) throw new EngineFailure('engine_error', 'no room for the signature');
      writeDigestScalar(payload, digest);
      // Hedged unless asked otherwise: RFC 6979 alone repeats a signature exactly, which fault attacks live on.
      if (!deterministic) fillRandom(entropy);
    };
    const sign = (payload: Uint8Array, out: Uint8Array, deterministic: boolean): number => {
      prepare(payload, out, deterministic);
      if (!functions.sign(digest, scalar, deterministic ? undefined : entropy, rs)) throw noSignature();
      return writeEcdsaSignature(rs, out);
    };
    const signRecoverable = (payload: Uint8Array, out: Uint8Array, deterministic: boolean): number => {
      prepare(payload, out, deterministic);
      const recoveryId =
        functions.signRecoverable === undefined
          ? signAndTry(deterministic)
          : functions.signRecoverable(digest, scalar, deterministic ? undefined : entropy, rs);
      if (recoveryId < 0) throw noSignature();
      out.set(rs);
      out[2 * SCALAR_BYTES] = recoveryId;
      return RECOVERABLE_BYTES;
    };
    /** Where the library doesn't tell the recovery id: the one that leads to our own key. */
    const signAndTry = (deterministic: boolean): number => {
      if (!functions.sign(digest, scalar, deterministic ? undefined : entropy, rs)) return -1;
      for (let id = 0; id < RECOVERY_IDS; id += 1) {
        if (functions.recover(rs, id, digest, point) && point.equals(publicKey)) return id;
      }
      return -1;
    };

    return {
      publicKey,
      signer: (scheme: Scheme) => {
        const { deterministic, recoverable } = parseEcdsaScheme(scheme);
        if (destroyed) throw new EngineFailure('engine_error', 'the key was destroyed');
        return recoverable
          ? (payload, out) => signRecoverable(payload, out, deterministic)
          : (payload, out) => sign(payload, out, deterministic);
      },
      destroy: () => {
        if (destroyed) return;
        destroyed = true;
        freeSecret(scalar);
      },
    };
  }

  function loadPublic(publicKey: Uint8Array, _parameters: KeyParameters): VerifyingKey {
    const own = Buffer.from(publicKey);
    const parsed = parsePublicKey(own, functions.parsePublicKey);
    return {
      verifier: (scheme) => {
        if (parseEcdsaScheme(scheme).recoverable) {
          // What recovers to the key is a valid signature. As with DER, a high s passes, with the recovery id that belongs
          // to it: only we ourselves make low ones.
          return (payload, signature) => {
            const recoveryId = signature[RECOVERABLE_BYTES - 1] ?? RECOVERY_IDS;
            if (signature.length !== RECOVERABLE_BYTES || recoveryId >= RECOVERY_IDS || payload.length === 0)
              return false;
            writeDigestScalar(payload, digest);
            rs.set(signature.subarray(0, 2 * SCALAR_BYTES));
            return functions.recover(rs, recoveryId, digest, point) && point.equals(own);
          };
        }
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
    generate: keys.generate,
    importPrivate: keys.importPrivate,
    deriveChild: (privateKey, _parameters, path) => {
      const scalar = deriveChildScalar(functions, 'points', privateKey, path);
      return { privateKey: scalar, publicKey: keys.publicKeyOf(scalar), parameters: {} };
    },
    loadPrivate,
    loadPublic,
  };
}

function noSignature(): EngineFailure {
  return new EngineFailure('engine_error', 'no signature could be made');
}
