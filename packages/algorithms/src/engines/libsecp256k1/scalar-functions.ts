import type { ScalarFunctions } from '../secp256k1/scalar-functions.ts';
import { type Context, FLAG_UNCOMPRESSED, type Libsecp256k1 } from './library.ts';

const PUBLIC_KEY_BYTES = 64;
const POINT_BYTES = 65;

/** @throws EngineUnavailable */
export function scalarFunctions(library: Libsecp256k1): ScalarFunctions {
  const { context } = library;
  const add = library.bind<(context: Context, scalar: Uint8Array, addend: Uint8Array) => number>(
    'int secp256k1_ec_seckey_tweak_add(const void *ctx, void *seckey, const void *tweak32)',
  );
  const negate = library.bind<(context: Context, scalar: Uint8Array) => number>(
    'int secp256k1_ec_seckey_negate(const void *ctx, void *seckey)',
  );
  const publicKey = Buffer.alloc(PUBLIC_KEY_BYTES);
  const length = new BigUint64Array(1);
  return {
    isPrivateKey: library.isPrivateKey,
    writePublicKey: (scalar, point) => {
      length[0] = BigInt(POINT_BYTES);
      if (
        library.createPublicKey(context, publicKey, scalar) !== 1 ||
        library.serializePublicKey(context, point, length, publicKey, FLAG_UNCOMPRESSED) !== 1
      ) {
        throw new Error('libsecp256k1 made no public key');
      }
    },
    addToScalar: (scalar, addend) => add(context, scalar, addend) === 1,
    negateScalar: (scalar) => {
      if (negate(context, scalar) !== 1) throw new Error('libsecp256k1 refused to negate a scalar');
    },
  };
}
