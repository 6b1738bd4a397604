/** Diffie-Hellman on secp256k1 by the system's libsecp256k1, in constant time. */
import type { Engine } from '../../engine.ts';
import { type FillRandom, fillFromKernel } from '../../kernel-randomness.ts';
import { createDhEngine } from '../secp256k1/dh-engine.ts';
import { type Context, loadLibsecp256k1 } from './library.ts';
import { scalarFunctions } from './scalar-functions.ts';

const KEY_BYTES = 64;
const POINT_BYTES = 65;

type Ecdh = (
  context: Context,
  out: Uint8Array,
  key: Uint8Array,
  scalar: Uint8Array,
  hashFunction: null,
  data: null,
) => number;

/** @throws EngineUnavailable */
export async function loadEngine(fillRandom: FillRandom = fillFromKernel): Promise<Engine> {
  const library = loadLibsecp256k1();
  const { context } = library;
  const ecdh = library.bind<Ecdh>(
    'int secp256k1_ecdh(const void *ctx, void *output, const void *pubkey, const void *seckey, void *hashfp, void *data)',
  );
  return createDhEngine(
    {
      description: library.description,
      randomize: library.randomize,
      ...scalarFunctions(library),
      parsePublicKey: (point) => {
        const key = Buffer.alloc(KEY_BYTES);
        return library.parsePublicKey(context, key, point, POINT_BYTES) === 1 ? key : undefined;
      },
      // The default hash (null) is SHA-256 of the compressed point.
      diffieHellman: (out, key, scalar) => ecdh(context, out, key, scalar, null, null) === 1,
    },
    fillRandom,
  );
}
