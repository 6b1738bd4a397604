/** Diffie-Hellman on secp256k1 by npm's prebuilt libsecp256k1, in constant time. */
import type { Engine } from '../../engine.ts';
import { type FillRandom, fillFromKernel } from '../../kernel-randomness.ts';
import { createDhEngine } from '../secp256k1/dh-engine.ts';
import { loadBindings } from './bindings.ts';
import { scalarFunctions } from './scalar-functions.ts';

/** @throws EngineUnavailable */
export async function loadEngine(fillRandom: FillRandom = fillFromKernel): Promise<Engine> {
  const bindings = loadBindings();
  return createDhEngine(
    {
      description: bindings.description,
      randomize: bindings.contextRandomize,
      ...scalarFunctions(bindings),
      parsePublicKey: (point) => (bindings.publicKeyVerify(point) ? point : undefined),
      // Its default hash is SHA-256 of the compressed point.
      diffieHellman: (out, key, scalar) => {
        try {
          bindings.ecdh(key, scalar, {}, out);
          return true;
        } catch {
          return false;
        }
      },
    },
    fillRandom,
  );
}
