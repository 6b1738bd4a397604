/**
 * BIP340 composed of the scalar and point functions of npm's prebuilt libsecp256k1, which is older than the BIP.
 *
 * Every operation on a secret is one of that library's constant-time functions, or libsodium's SHA-256, on locked
 * memory. The one exception is the XOR of BIP340's nonce derivation, for which neither has a function: it runs byte
 * by byte without a branch or a look-up, on numbers that are too small for V8 to put them on its heap.
 */
import type { Engine } from '../../engine.ts';
import { type FillRandom, fillFromKernel } from '../../kernel-randomness.ts';
import { secretTaggedHash } from '../../secret-hash.ts';
import { allocateSecret } from '../../secret-memory.ts';
import { createBip340Engine } from '../secp256k1/bip340-engine.ts';
import { isBelowOrder, reduceModOrder, SCALAR_BYTES } from '../secp256k1/group-order.ts';
import { loadBindings } from './bindings.ts';
import { scalarFunctions } from './scalar-functions.ts';

/** Ours: the private scalar of the point with even y, then the point's x. */
const KEYPAIR_BYTES = 2 * SCALAR_BYTES;
const COMPRESSED_BYTES = 33;
const EVEN_Y = 0x02;

/** @throws EngineUnavailable */
export async function loadEngine(fillRandom: FillRandom = fillFromKernel): Promise<Engine> {
  const bindings = loadBindings();
  const auxHash = secretTaggedHash('BIP0340/aux');
  const nonceHash = secretTaggedHash('BIP0340/nonce');
  const challengeHash = secretTaggedHash('BIP0340/challenge');

  // Scratch, one of each per process: signing is synchronous. The first four are secret.
  const scalar = allocateSecret(SCALAR_BYTES);
  const mask = allocateSecret(SCALAR_BYTES);
  const nonce = allocateSecret(SCALAR_BYTES);
  const s = allocateSecret(SCALAR_BYTES);
  const point = Buffer.alloc(COMPRESSED_BYTES);
  const pointX = point.subarray(1);
  const xOnly = Buffer.alloc(SCALAR_BYTES);
  const challenge = Buffer.alloc(SCALAR_BYTES);

  /** Makes `scalar` the private scalar of the point with even y, and `point` that point. Its parity is public. */
  function makeEven(): void {
    bindings.publicKeyCreate(scalar, true, point);
    if (point[0] === EVEN_Y) return;
    bindings.privateKeyNegate(scalar);
    point[0] = EVEN_Y;
  }

  /** Copies byte by byte: a view of a part would be garbage to collect for each signature. */
  function copyOut(keypair: Buffer, start: number, out: Buffer): void {
    for (let index = 0; index < SCALAR_BYTES; index += 1) out[index] = keypair[start + index] ?? 0;
  }

  function writeEven(keypair: Buffer): void {
    makeEven();
    keypair.set(scalar);
    keypair.set(pointX, SCALAR_BYTES);
    scalar.fill(0);
  }

  return createBip340Engine(
    {
      description: bindings.description,
      randomize: bindings.contextRandomize,
      ...scalarFunctions(bindings),
      keypairBytes: KEYPAIR_BYTES,
      writeKeypair: (privateKey, keypair) => {
        scalar.set(privateKey);
        writeEven(keypair);
      },
      writeXOnlyPublicKey: (keypair, out) => copyOut(keypair, SCALAR_BYTES, out),
      tweakKeypair: (keypair, tweak) => {
        copyOut(keypair, 0, scalar);
        try {
          bindings.privateKeyTweakAdd(scalar, tweak);
        } catch {
          scalar.fill(0);
          return false;
        }
        writeEven(keypair);
        return true;
      },

      // BIP340, "Default Signing". The steps' names are the BIP's.
      sign: (message, keypair, auxRand, signature) => {
        copyOut(keypair, 0, scalar);
        copyOut(keypair, SCALAR_BYTES, xOnly);
        auxHash.begin();
        auxHash.add(auxRand);
        auxHash.end(mask);
        for (let index = 0; index < SCALAR_BYTES; index += 1) mask[index] = (mask[index] ?? 0) ^ (scalar[index] ?? 0);
        nonceHash.begin();
        nonceHash.add(mask);
        nonceHash.add(xOnly);
        nonceHash.add(message);
        nonceHash.end(nonce);
        // The BIP reduces modulo n here. A hash of n or above has a chance of 2^-128, and to fail is as good then.
        if (!bindings.privateKeyVerify(nonce)) return false;

        bindings.publicKeyCreate(nonce, true, point);
        if (point[0] !== EVEN_Y) bindings.privateKeyNegate(nonce);
        challengeHash.begin();
        challengeHash.add(pointX);
        challengeHash.add(xOnly);
        challengeHash.add(message);
        challengeHash.end(challenge);
        reduceModOrder(challenge);

        s.set(scalar);
        bindings.privateKeyTweakMul(s, challenge);
        bindings.privateKeyTweakAdd(s, nonce);
        signature.set(pointX);
        signature.set(s, SCALAR_BYTES);
        nonce.fill(0);
        mask.fill(0);
        scalar.fill(0);
        return true;
      },

      parseXOnlyPublicKey: (encoded) => {
        const compressed = Buffer.concat([Buffer.of(EVEN_Y), encoded]);
        return bindings.publicKeyVerify(compressed) ? compressed : undefined;
      },
      tweakXOnlyPublicKey: (parsed, tweak) => {
        const output = Buffer.alloc(COMPRESSED_BYTES);
        try {
          bindings.publicKeyTweakAdd(parsed, tweak, true, output);
        } catch {
          return undefined;
        }
        output[0] = EVEN_Y;
        return output;
      },

      // BIP340, "Verification": R = s * G - e * P, all public. R's x is compared as bytes: an r of p or above, which the
      // BIP refuses, equals no coordinate.
      verify: (signature, message, parsed) => {
        const r = signature.subarray(0, SCALAR_BYTES);
        const sOfSignature = signature.subarray(SCALAR_BYTES);
        if (!isBelowOrder(sOfSignature)) return false;
        challengeHash.begin();
        challengeHash.add(r);
        challengeHash.add(parsed.subarray(1));
        challengeHash.add(message);
        challengeHash.end(challenge);
        reduceModOrder(challenge);
        try {
          bindings.privateKeyNegate(challenge);
          bindings.publicKeyTweakMul(parsed, challenge, true, point);
          bindings.publicKeyTweakAdd(point, sOfSignature, true, point);
        } catch {
          return false; // R is the point at infinity (or the challenge is zero: 2^-256)
        }
        return point[0] === EVEN_Y && Buffer.compare(pointX, r) === 0;
      },
    },
    fillRandom,
  );
}
