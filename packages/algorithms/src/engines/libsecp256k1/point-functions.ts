import type { PointFunctions } from '../secp256k1/recover-by-tweaks.ts';
import { type Context, FLAG_UNCOMPRESSED, type Libsecp256k1 } from './library.ts';

const KEY_BYTES = 64;
const COMPRESSED_BYTES = 33;
const POINT_BYTES = 65;

type Tweak = (context: Context, key: Uint8Array, scalar: Uint8Array) => number;

/** @throws EngineUnavailable */
export function pointFunctions(library: Libsecp256k1): PointFunctions {
  const { context } = library;
  const multiply = library.bind<Tweak>(
    'int secp256k1_ec_pubkey_tweak_mul(const void *ctx, void *pubkey, const void *tweak32)',
  );
  const addBase = library.bind<Tweak>(
    'int secp256k1_ec_pubkey_tweak_add(const void *ctx, void *pubkey, const void *tweak32)',
  );
  const length = new BigUint64Array(1);
  return {
    parse: (compressed) => {
      const key = Buffer.alloc(KEY_BYTES);
      return library.parsePublicKey(context, key, compressed, COMPRESSED_BYTES) === 1 ? key : undefined;
    },
    multiply: (key, scalar) => multiply(context, key, scalar) === 1,
    addBase: (key, scalar) => addBase(context, key, scalar) === 1,
    serialize: (key, point) => {
      length[0] = BigInt(POINT_BYTES);
      library.serializePublicKey(context, point, length, key, FLAG_UNCOMPRESSED);
    },
  };
}
