/** ECDSA on secp256k1 by the system's libsecp256k1: constant time, RFC 6979 nonces, low-S. */
import { type Engine, EngineUnavailable } from '../../engine.ts';
import { type FillRandom, fillFromKernel } from '../../kernel-randomness.ts';
import { createEcdsaEngine, type EcdsaFunctions } from '../secp256k1/ecdsa-engine.ts';
import { recoverByTweaks } from '../secp256k1/recover-by-tweaks.ts';
import { type Context, FLAG_UNCOMPRESSED, type Libsecp256k1, loadLibsecp256k1 } from './library.ts';
import { pointFunctions } from './point-functions.ts';
import { scalarFunctions } from './scalar-functions.ts';

/** The library's objects for a public key and for a signature. */
const OBJECT_BYTES = 64;
/** Its object for a signature with a recovery id. */
const RECOVERABLE_OBJECT_BYTES = 65;
const POINT_BYTES = 65;

interface EcdsaBinding {
  readonly sign: (
    context: Context,
    signature: Uint8Array,
    digest: Uint8Array,
    scalar: Uint8Array,
    nonceFunction: null,
    entropy: Uint8Array | null,
  ) => number;
  readonly verify: (context: Context, signature: Uint8Array, digest: Uint8Array, publicKey: Uint8Array) => number;
  readonly normalize: (context: Context, out: Uint8Array, signature: Uint8Array) => number;
  readonly parseCompact: (context: Context, signature: Uint8Array, compact: Uint8Array) => number;
  readonly serializeCompact: (context: Context, compact: Uint8Array, signature: Uint8Array) => number;
}

interface RecoveryBinding {
  readonly sign: EcdsaBinding['sign'];
  readonly serializeCompact: (
    context: Context,
    rs: Uint8Array,
    recoveryId: Int32Array,
    signature: Uint8Array,
  ) => number;
  /** Aborts for another recovery id than 0 to 3. */
  readonly parseCompact: (context: Context, signature: Uint8Array, rs: Uint8Array, recoveryId: number) => number;
  readonly recover: (context: Context, publicKey: Uint8Array, signature: Uint8Array, digest: Uint8Array) => number;
}

/**
 * @param useRecoveryModule false: as if the library had been compiled without it, which is how its own build does it
 * @throws EngineUnavailable
 */
export async function loadEngine(
  fillRandom: FillRandom = fillFromKernel,
  useRecoveryModule: boolean = true,
): Promise<Engine> {
  const library = loadLibsecp256k1();
  const { context } = library;
  const binding = bindEcdsa(library);
  const recovery = (useRecoveryModule ? recoveryModule(library) : undefined) ?? {
    signRecoverable: undefined,
    recover: recoverByTweaks(pointFunctions(library)),
  };
  const signature = Buffer.alloc(OBJECT_BYTES);

  return createEcdsaEngine(
    {
      description: library.description,
      randomize: library.randomize,
      ...scalarFunctions(library),
      parsePublicKey: (point) => {
        const parsed = Buffer.alloc(OBJECT_BYTES);
        return library.parsePublicKey(context, parsed, point, POINT_BYTES) === 1 ? parsed : undefined;
      },
      // The default nonce function (null) is RFC 6979 with HMAC-SHA-256; the result is always low-S.
      sign: (digest, scalar, entropy, rs) =>
        binding.sign(context, signature, digest, scalar, null, entropy ?? null) === 1 &&
        binding.serializeCompact(context, rs, signature) === 1,
      verify: (rs, digest, parsed) => {
        if (binding.parseCompact(context, signature, rs) !== 1) return false;
        // The library's verification refuses a high s, Bitcoin's rule for transactions. We make low ones only, but
        // what we verify is plain ECDSA, in which n - s is as good: others' signatures must pass.
        binding.normalize(context, signature, signature);
        return binding.verify(context, signature, digest, parsed) === 1;
      },
      ...recovery,
    },
    fillRandom,
  );
}

/** Undefined where the library was compiled without it. */
function recoveryModule(library: Libsecp256k1): Pick<EcdsaFunctions, 'signRecoverable' | 'recover'> | undefined {
  const { context } = library;
  const binding = bindRecovery(library);
  if (binding === undefined) return undefined;
  const signature = Buffer.alloc(RECOVERABLE_OBJECT_BYTES);
  const recoveryIdOut = new Int32Array(1);
  const publicKey = Buffer.alloc(OBJECT_BYTES);
  const length = new BigUint64Array(1);
  return {
    signRecoverable: (digest, scalar, entropy, rs) =>
      binding.sign(context, signature, digest, scalar, null, entropy ?? null) === 1 &&
      binding.serializeCompact(context, rs, recoveryIdOut, signature) === 1
        ? (recoveryIdOut[0] ?? -1)
        : -1,
    recover: (rs, recoveryId, digest, point) => {
      length[0] = BigInt(POINT_BYTES);
      return (
        binding.parseCompact(context, signature, rs, recoveryId) === 1 &&
        binding.recover(context, publicKey, signature, digest) === 1 &&
        library.serializePublicKey(context, point, length, publicKey, FLAG_UNCOMPRESSED) === 1
      );
    },
  };
}

function bindRecovery(library: Libsecp256k1): RecoveryBinding | undefined {
  try {
    return {
      sign: library.bind(
        'int secp256k1_ecdsa_sign_recoverable(const void *ctx, void *sig, const void *msghash32, const void *seckey, const void *noncefp, const void *ndata)',
      ),
      serializeCompact: library.bind(
        'int secp256k1_ecdsa_recoverable_signature_serialize_compact(const void *ctx, void *output64, void *recid, const void *sig)',
      ),
      parseCompact: library.bind(
        'int secp256k1_ecdsa_recoverable_signature_parse_compact(const void *ctx, void *sig, const void *input64, int recid)',
      ),
      recover: library.bind(
        'int secp256k1_ecdsa_recover(const void *ctx, void *pubkey, const void *sig, const void *msghash32)',
      ),
    };
  } catch (error) {
    if (error instanceof EngineUnavailable) return undefined;
    throw error;
  }
}

function bindEcdsa(library: Libsecp256k1): EcdsaBinding {
  return {
    sign: library.bind(
      'int secp256k1_ecdsa_sign(const void *ctx, void *sig, const void *msghash32, const void *seckey, const void *noncefp, const void *ndata)',
    ),
    verify: library.bind(
      'int secp256k1_ecdsa_verify(const void *ctx, const void *sig, const void *msghash32, const void *pubkey)',
    ),
    normalize: library.bind(
      'int secp256k1_ecdsa_signature_normalize(const void *ctx, void *sigout, const void *sigin)',
    ),
    parseCompact: library.bind(
      'int secp256k1_ecdsa_signature_parse_compact(const void *ctx, void *sig, const void *input64)',
    ),
    serializeCompact: library.bind(
      'int secp256k1_ecdsa_signature_serialize_compact(const void *ctx, void *output64, const void *sig)',
    ),
  };
}
