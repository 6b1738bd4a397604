/** The group by the system's libsecp256k1. */
import { EngineUnavailable } from '@countersign/algorithms/engine';
import {
  type Context,
  type Libsecp256k1,
  loadLibsecp256k1,
} from '@countersign/algorithms/engines/libsecp256k1/library';
import koffi from 'koffi';
import type { Secp256k1Group } from '../../secp256k1/secp256k1-group.ts';
import { createSecp256k1Group } from './group.ts';

const KEY_BYTES = 64;
const COMPRESSED_BYTES = 33;
const COORDINATE_BYTES = 32;
const FLAG_COMPRESSED = 258;
/** Keys that are added in one call; more are added in several. */
const SLOTS = 16;

type Bytes = Uint8Array;
/** An address in native memory, in koffi's form. */
type Address = bigint;

interface GroupBinding {
  readonly addToScalar: (context: Context, scalar: Bytes, addend: Bytes) => number;
  readonly multiplyScalar: (context: Context, scalar: Bytes, factor: Bytes) => number;
  readonly negateScalar: (context: Context, scalar: Bytes) => number;
  readonly multiplyKey: (context: Context, key: Bytes, scalar: Bytes) => number;
  readonly addBaseToKey: (context: Context, key: Bytes, scalar: Bytes) => number;
  readonly combine: (context: Context, out: Bytes, addresses: BigUint64Array, count: number) => number;
  readonly negateKey: (context: Context, key: Bytes) => number;
  readonly ecdh: (context: Context, out: Bytes, key: Bytes, secret: Bytes, writePoint: Address, data: null) => number;
  readonly xOnlyOfKey: (context: Context, xOnly: Bytes, parity: null, key: Bytes) => number;
  readonly verifySchnorr: (context: Context, signature: Bytes, message: Bytes, length: number, xOnly: Bytes) => number;
}

/** @throws EngineUnavailable */
export async function loadGroup(): Promise<Secp256k1Group> {
  const library = loadLibsecp256k1();
  const { context } = library;
  const binding = bindGroup(library);
  const combineKeys = combiner(binding, context);
  const multiplySecret = secretMultiplier(binding, context);
  const length = new BigUint64Array(1);
  const xOnly = Buffer.alloc(KEY_BYTES);

  return createSecp256k1Group({
    description: library.description,
    keyBytes: KEY_BYTES,
    isPrivateKey: library.isPrivateKey,
    addToScalar: (scalar, addend) => binding.addToScalar(context, scalar, addend) === 1,
    multiplyScalar: (scalar, factor) => binding.multiplyScalar(context, scalar, factor) === 1,
    negateScalar: (scalar) => binding.negateScalar(context, scalar) === 1,
    createKey: (key, secret) => library.createPublicKey(context, key, secret) === 1,
    multiplyKey: (key, scalar) => binding.multiplyKey(context, key, scalar) === 1,
    addBaseToKey: (key, scalar) => binding.addBaseToKey(context, key, scalar) === 1,
    combineKeys,
    negateKey: (key) => void binding.negateKey(context, key),
    parseKey: (key, compressed) => library.parsePublicKey(context, key, compressed, COMPRESSED_BYTES) === 1,
    serializeKey: (compressed, key) => {
      length[0] = BigInt(COMPRESSED_BYTES);
      library.serializePublicKey(context, compressed, length, key, FLAG_COMPRESSED);
    },
    multiplySecret,
    verifySchnorr: (signature, message, key) =>
      binding.xOnlyOfKey(context, xOnly, null, key) === 1 &&
      binding.verifySchnorr(context, signature, message, message.length, xOnly) === 1,
  });
}

/**
 * The library wants an array of pointers: one is made once, to slots that don't move, and keys are copied there.
 * Small typed arrays live in the collector's heap, where they have no address to keep.
 */
function combiner(binding: GroupBinding, context: Context): (out: Buffer, keys: readonly Buffer[]) => boolean {
  const memory = Buffer.alloc(SLOTS * KEY_BYTES);
  const start = koffi.address(memory);
  const addresses = BigUint64Array.from({ length: SLOTS }, (_, slot) => start + BigInt(slot * KEY_BYTES));
  return (out, keys) => {
    let used = 0;
    let isSum = false;
    for (const [index, key] of keys.entries()) {
      memory.set(key, used * KEY_BYTES);
      used += 1;
      if (used < SLOTS && index < keys.length - 1) continue;
      isSum = binding.combine(context, out, addresses, used) === 1;
      // The first slot then holds what there is so far, unless that is the identity.
      used = isSum ? 1 : 0;
      if (isSum) memory.set(out);
    }
    return isSum;
  };
}

/**
 * The only constant-time multiplication of a point that isn't G is that of the Diffie-Hellman function, which hands
 * the coordinates to a callback. They go from the library's stack to locked memory and nowhere else.
 */
function secretMultiplier(
  binding: GroupBinding,
  context: Context,
): (x32: Buffer, y32: Buffer, secret: Bytes, key: Buffer) => boolean {
  const prototype = koffi.proto('int (void *output, void *x32, void *y32, void *data)');
  let copy: (to: Bytes, from: Address, length: number) => void;
  try {
    copy = koffi.load(null).func('void *memcpy(void *to, const void *from, size_t length)') as typeof copy;
  } catch (cause) {
    throw new EngineUnavailable('the C library gives no memcpy', { cause });
  }
  let target: { readonly x: Buffer; readonly y: Buffer } | undefined;
  // Registered for the life of the process: there is one group per process.
  const writePoint = koffi.register((_output: Address, x: Address, y: Address) => {
    if (target === undefined) return 0;
    copy(target.x, x, COORDINATE_BYTES);
    copy(target.y, y, COORDINATE_BYTES);
    return 1;
  }, koffi.pointer(prototype));
  const unused = Buffer.alloc(COORDINATE_BYTES);
  return (x, y, secret, key) => {
    target = { x, y };
    const isPoint = binding.ecdh(context, unused, key, secret, writePoint, null) === 1;
    target = undefined;
    return isPoint;
  };
}

function bindGroup(library: Libsecp256k1): GroupBinding {
  return {
    addToScalar: library.bind('int secp256k1_ec_seckey_tweak_add(const void *ctx, void *seckey, const void *tweak32)'),
    multiplyScalar: library.bind(
      'int secp256k1_ec_seckey_tweak_mul(const void *ctx, void *seckey, const void *tweak32)',
    ),
    negateScalar: library.bind('int secp256k1_ec_seckey_negate(const void *ctx, void *seckey)'),
    multiplyKey: library.bind('int secp256k1_ec_pubkey_tweak_mul(const void *ctx, void *pubkey, const void *tweak32)'),
    addBaseToKey: library.bind('int secp256k1_ec_pubkey_tweak_add(const void *ctx, void *pubkey, const void *tweak32)'),
    combine: library.bind('int secp256k1_ec_pubkey_combine(const void *ctx, void *out, const void *ins, size_t n)'),
    negateKey: library.bind('int secp256k1_ec_pubkey_negate(const void *ctx, void *pubkey)'),
    ecdh: library.bind(
      'int secp256k1_ecdh(const void *ctx, void *output, const void *pubkey, const void *seckey, void *hashfp, void *data)',
    ),
    xOnlyOfKey: library.bind(
      'int secp256k1_xonly_pubkey_from_pubkey(const void *ctx, void *xonly_pubkey, void *pk_parity, const void *pubkey)',
    ),
    verifySchnorr: library.bind(
      'int secp256k1_schnorrsig_verify(const void *ctx, const void *sig64, const void *msg, size_t msglen, const void *pubkey)',
    ),
  };
}
