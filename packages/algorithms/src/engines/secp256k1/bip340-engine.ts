/**
 * BIP340 over the few functions that a native library must give. What is the same for every library is here once:
 * checks, the life of a key, aux_rand, taproot tweaks and their cache.
 */
import type { KeyParameters, Scheme } from '../../algorithm.ts';
import { MAX_BIP340_MESSAGE_BYTES, parseBip340Scheme } from '../../bip340-scheme.ts';
import { type Engine, EngineFailure, type KeyMaterial, type SigningKey, type VerifyingKey } from '../../engine.ts';
import type { FillRandom } from '../../kernel-randomness.ts';
import { allocateSecret, copySecret, freeSecret } from '../../secret-memory.ts';
import { tapTweak } from '../../tagged-hash.ts';
import { deriveChildScalar } from './derive-child.ts';
import { SCALAR_BYTES } from './group-order.ts';
import { generateScalar } from './private-scalar.ts';
import type { ScalarFunctions } from './scalar-functions.ts';
import { TweakedKeypairs } from './tweaked-keypairs.ts';

/** A key pair is an object of the library's own form in locked memory; lengths are guaranteed by the caller. */
export interface SchnorrFunctions extends ScalarFunctions {
  readonly description: string;
  readonly randomize: (seed32: Buffer) => void;
  readonly keypairBytes: number;
  readonly writeKeypair: (scalar: Buffer, keypair: Buffer) => void;
  readonly writeXOnlyPublicKey: (keypair: Buffer, out32: Buffer) => void;
  /** Turns a key pair in place into that of Q = P + tweak * G. False where the tweak isn't a scalar. */
  readonly tweakKeypair: (keypair: Buffer, tweak32: Buffer) => boolean;
  /** `auxRand32` lies in native memory and is one of two buffers for the life of the engine. */
  readonly sign: (message: Uint8Array, keypair: Buffer, auxRand32: Buffer, signature64: Buffer) => boolean;
  /** The library's own form of lift_x, or undefined where there's no such point. */
  readonly parseXOnlyPublicKey: (xOnly32: Buffer) => Buffer | undefined;
  /** The same for the x-only key of P + tweak * G. */
  readonly tweakXOnlyPublicKey: (parsed: Buffer, tweak32: Buffer) => Buffer | undefined;
  readonly verify: (signature64: Uint8Array, message: Uint8Array, parsed: Buffer) => boolean;
}

const SIGNATURE_BYTES = 64;
const X_ONLY_BYTES = 32;
const AUX_RAND_BYTES = 32;

export function createBip340Engine(functions: SchnorrFunctions, fillRandom: FillRandom): Engine {
  // One of each per process and library: signing is synchronous, so that no two signatures share them.
  const seed = allocateSecret(32);
  const auxRand = allocateSecret(AUX_RAND_BYTES);
  const zeroAuxRand = allocateSecret(AUX_RAND_BYTES);
  const signature = Buffer.alloc(SIGNATURE_BYTES);

  /** Takes over `scalar`. */
  function materialOf(scalar: Buffer): KeyMaterial {
    const keypair = allocateSecret(functions.keypairBytes);
    functions.writeKeypair(scalar, keypair);
    const publicKey = Buffer.alloc(X_ONLY_BYTES);
    functions.writeXOnlyPublicKey(keypair, publicKey);
    freeSecret(keypair);
    return { privateKey: scalar, publicKey, parameters: {} };
  }

  function assertPrivateKey(privateKey: Uint8Array): asserts privateKey is Buffer {
    if (privateKey.length !== SCALAR_BYTES) {
      throw new EngineFailure('invalid_key', `a BIP340 private key has 32 bytes, not ${privateKey.length}`);
    }
    if (!functions.isPrivateKey(privateKey as Buffer)) {
      throw new EngineFailure('invalid_key', 'the private key is out of range');
    }
  }

  function loadPrivate(privateKey: Uint8Array, _parameters: KeyParameters): SigningKey {
    assertPrivateKey(privateKey);
    fillRandom(seed);
    functions.randomize(seed);
    const internal = allocateSecret(functions.keypairBytes);
    functions.writeKeypair(privateKey, internal);
    const publicKey = Buffer.alloc(X_ONLY_BYTES);
    functions.writeXOnlyPublicKey(internal, publicKey);

    const tweaked = new TweakedKeypairs(functions.keypairBytes, (merkleRootHex, keypair) => {
      keypair.set(internal);
      // A tweak out of range has a chance of 2^-128; BIP341 says to fail.
      if (!functions.tweakKeypair(keypair, tapTweak(publicKey, merkleRootHex))) throw noSuchTweak();
    });
    let destroyed = false;

    const sign = (payload: Uint8Array, out: Uint8Array, keypair: Buffer, deterministic: boolean): number => {
      if (payload.length > MAX_BIP340_MESSAGE_BYTES) {
        throw new EngineFailure('invalid_payload', `a message has at most ${MAX_BIP340_MESSAGE_BYTES} bytes`);
      }
      if (out.length < SIGNATURE_BYTES) throw new EngineFailure('engine_error', 'no room for a signature of 64 bytes');
      if (!deterministic) fillRandom(auxRand);
      if (!functions.sign(payload, keypair, deterministic ? zeroAuxRand : auxRand, signature)) {
        throw new EngineFailure('engine_error', 'no signature could be made');
      }
      out.set(signature);
      return SIGNATURE_BYTES;
    };
    const assertAlive = (): void => {
      if (destroyed) throw new EngineFailure('engine_error', 'the key was destroyed');
    };

    return {
      publicKey,
      signer: (scheme: Scheme) => {
        const { deterministic, merkleRootHex } = parseBip340Scheme(scheme);
        assertAlive();
        if (merkleRootHex === undefined) {
          return (payload, out) => {
            assertAlive();
            return sign(payload, out, internal, deterministic);
          };
        }
        const token = tweaked.tokenFor(merkleRootHex);
        tweaked.keypairOf(token);
        return (payload, out) => {
          assertAlive();
          return sign(payload, out, tweaked.keypairOf(token), deterministic);
        };
      },
      destroy: () => {
        if (destroyed) return;
        destroyed = true;
        freeSecret(internal);
        tweaked.destroy();
      },
    };
  }

  function loadPublic(publicKey: Uint8Array, _parameters: KeyParameters): VerifyingKey {
    if (publicKey.length !== X_ONLY_BYTES) {
      throw new EngineFailure('invalid_key', `a BIP340 public key has 32 bytes, not ${publicKey.length}`);
    }
    const xOnly = Buffer.from(publicKey);
    const internal = functions.parseXOnlyPublicKey(xOnly);
    if (internal === undefined) throw new EngineFailure('invalid_key', 'not the x coordinate of a point of secp256k1');
    return {
      verifier: (scheme) => {
        const { merkleRootHex } = parseBip340Scheme(scheme);
        const parsed =
          merkleRootHex === undefined
            ? internal
            : functions.tweakXOnlyPublicKey(internal, tapTweak(xOnly, merkleRootHex));
        if (parsed === undefined) throw noSuchTweak();
        return (payload, candidate) =>
          candidate.length === SIGNATURE_BYTES &&
          payload.length <= MAX_BIP340_MESSAGE_BYTES &&
          functions.verify(candidate, payload, parsed);
      },
      destroy: () => {},
    };
  }

  return {
    description: functions.description,
    generate: () => materialOf(generateScalar(functions.isPrivateKey, fillRandom)),
    importPrivate: (encoded) => {
      assertPrivateKey(encoded);
      return materialOf(copySecret(encoded));
    },
    deriveChild: (privateKey, _parameters, path) =>
      materialOf(deriveChildScalar(functions, 'x-only', privateKey, path)),
    loadPrivate,
    loadPublic,
  };
}

function noSuchTweak(): EngineFailure {
  return new EngineFailure('invalid_scheme', 'this merkle root gives no tweaked key');
}
