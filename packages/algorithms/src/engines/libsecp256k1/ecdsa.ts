/** ECDSA on secp256k1 by the system's libsecp256k1: constant time, RFC 6979 nonces, low-S. */
import type { Engine } from '../../engine.ts';
import { type FillRandom, fillFromKernel } from '../../kernel-randomness.ts';
import { createEcdsaEngine } from '../secp256k1/ecdsa-engine.ts';
import { type Context, type Libsecp256k1, loadLibsecp256k1 } from './library.ts';

/** The library's objects for a public key and for a signature. */
const OBJECT_BYTES = 64;
const POINT_BYTES = 65;
const FLAG_UNCOMPRESSED = 2;

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

/** @throws EngineUnavailable */
export async function loadEngine(fillRandom: FillRandom = fillFromKernel): Promise<Engine> {
  const library = loadLibsecp256k1();
  const { context } = library;
  const binding = bindEcdsa(library);
  const signature = Buffer.alloc(OBJECT_BYTES);
  const publicKey = Buffer.alloc(OBJECT_BYTES);
  const length = new BigUint64Array(1);

  return createEcdsaEngine(
    {
      description: library.description,
      randomize: library.randomize,
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
    },
    fillRandom,
  );
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
