/**
 * The keyed function of `families/dh-secp256k1.ts` over what a native library must give. Seed, domain and the point that
 * they are hashed to are no secrets, so that big integers in JavaScript do for the map; the multiplication by the private
 * scalar is the library's own Diffie-Hellman, in constant time.
 */
import { secp256k1_hasher } from '@noble/curves/secp256k1.js';
import { MAX_SEED_BYTES, parseDhScheme } from '../../dh-scheme.ts';
import { type Engine, EngineFailure } from '../../engine.ts';
import type { FillRandom } from '../../kernel-randomness.ts';
import { allocateSecret, freeSecret } from '../../secret-memory.ts';
import { createEcKeys, parsePublicKey } from './ec-keys.ts';
import type { ScalarFunctions } from './scalar-functions.ts';

export interface DhFunctions extends ScalarFunctions {
  readonly description: string;
  /** Fresh blinding for the operations with secrets. */
  readonly randomize: (seed32: Buffer) => void;
  /** The library's own form of a valid point, otherwise undefined. */
  readonly parsePublicKey: (point65: Buffer) => Buffer | undefined;
  /** `out` = SHA-256 of the compressed point scalar * key. Constant-time. False if it can't. */
  readonly diffieHellman: (out32: Buffer, key: Buffer, scalar: Buffer) => boolean;
}

const OUTPUT_BYTES = 32;

export function createDhEngine(functions: DhFunctions, fillRandom: FillRandom): Engine {
  // One of each per process and library: deriving is synchronous, so that no two derivations share them.
  const seed = allocateSecret(32);
  const output = Buffer.alloc(OUTPUT_BYTES);
  const keys = createEcKeys(functions, fillRandom);

  return {
    description: `${functions.description}; seeds are hashed to points by @noble/curves`,
    generate: keys.generate,
    importPrivate: keys.importPrivate,

    loadPrivate: (privateKey) => {
      fillRandom(seed);
      functions.randomize(seed);
      const scalar = keys.copyScalar(privateKey);
      let destroyed = false;
      const assertAlive = (): void => {
        if (destroyed) throw new EngineFailure('engine_error', 'the key was destroyed');
      };
      return {
        publicKey: keys.publicKeyOf(scalar),
        signer: (scheme) => {
          const domain = parseDhScheme(scheme);
          assertAlive();
          return (payload, out) => {
            assertAlive();
            if (payload.length > MAX_SEED_BYTES) {
              throw new EngineFailure('invalid_payload', `a seed has at most ${MAX_SEED_BYTES} bytes`);
            }
            if (out.length < OUTPUT_BYTES) throw new EngineFailure('engine_error', 'no room for 32 bytes');
            const mapped = secp256k1_hasher.hashToCurve(payload, { DST: domain });
            const point = functions.parsePublicKey(Buffer.from(mapped.toBytes(false)));
            if (point === undefined || !functions.diffieHellman(output, point, scalar)) {
              throw new EngineFailure('engine_error', 'no value could be derived');
            }
            out.set(output);
            output.fill(0);
            return OUTPUT_BYTES;
          };
        },
        destroy: () => {
          if (destroyed) return;
          destroyed = true;
          freeSecret(scalar);
        },
      };
    },

    loadPublic: (publicKey) => {
      parsePublicKey(Buffer.from(publicKey), functions.parsePublicKey);
      return {
        verifier: (scheme) => {
          parseDhScheme(scheme);
          throw new EngineFailure(
            'unsupported',
            'what Diffie-Hellman derives can only be checked with the private key',
          );
        },
        destroy: () => {},
      };
    },
  };
}
