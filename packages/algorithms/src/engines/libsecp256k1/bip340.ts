/** BIP340 by the system's libsecp256k1: constant time, the nonce function of the BIP, taproot tweaks. */
import koffi from 'koffi';
import { type Engine, EngineUnavailable } from '../../engine.ts';
import { type FillRandom, fillFromKernel } from '../../kernel-randomness.ts';
import { createBip340Engine } from '../secp256k1/bip340-engine.ts';
import { type Context, type Libsecp256k1, loadLibsecp256k1 } from './library.ts';
import { scalarFunctions } from './scalar-functions.ts';

/** secp256k1_keypair, secp256k1_xonly_pubkey and secp256k1_pubkey. */
const KEYPAIR_BYTES = 96;
const PUBLIC_KEY_BYTES = 64;

type Bytes = Uint8Array;

interface SchnorrBinding {
  readonly createKeypair: (context: Context, keypair: Bytes, scalar: Bytes) => number;
  readonly xOnlyOfKeypair: (context: Context, xOnly: Bytes, parity: null, keypair: Bytes) => number;
  readonly tweakKeypair: (context: Context, keypair: Bytes, tweak: Bytes) => number;
  readonly parseXOnly: (context: Context, xOnly: Bytes, encoded: Bytes) => number;
  readonly serializeXOnly: (context: Context, out: Bytes, xOnly: Bytes) => number;
  readonly tweakXOnly: (context: Context, publicKey: Bytes, xOnly: Bytes, tweak: Bytes) => number;
  readonly xOnlyOfPublicKey: (context: Context, xOnly: Bytes, parity: null, publicKey: Bytes) => number;
  readonly sign: (
    context: Context,
    signature: Bytes,
    message: Bytes,
    length: number,
    keypair: Bytes,
    parameters: Bytes,
  ) => number;
  readonly verify: (context: Context, signature: Bytes, message: Bytes, length: number, xOnly: Bytes) => number;
}

/** @throws EngineUnavailable */
export async function loadEngine(fillRandom: FillRandom = fillFromKernel): Promise<Engine> {
  const library = loadLibsecp256k1();
  const { context } = library;
  const binding = bindSchnorr(library);
  const xOnly = Buffer.alloc(PUBLIC_KEY_BYTES);
  const parametersOf = extraParameters();

  return createBip340Engine(
    {
      description: library.description,
      randomize: library.randomize,
      ...scalarFunctions(library),
      keypairBytes: KEYPAIR_BYTES,
      writeKeypair: (scalar, keypair) => {
        if (binding.createKeypair(context, keypair, scalar) !== 1) throw new Error('libsecp256k1 made no key pair');
      },
      writeXOnlyPublicKey: (keypair, out) => {
        binding.xOnlyOfKeypair(context, xOnly, null, keypair);
        binding.serializeXOnly(context, out, xOnly);
      },
      tweakKeypair: (keypair, tweak) => binding.tweakKeypair(context, keypair, tweak) === 1,
      sign: (message, keypair, auxRand, signature) =>
        binding.sign(context, signature, message, message.length, keypair, parametersOf(auxRand)) === 1,
      parseXOnlyPublicKey: (encoded) => {
        const parsed = Buffer.alloc(PUBLIC_KEY_BYTES);
        return binding.parseXOnly(context, parsed, encoded) === 1 ? parsed : undefined;
      },
      tweakXOnlyPublicKey: (parsed, tweak) => {
        const point = Buffer.alloc(PUBLIC_KEY_BYTES);
        if (binding.tweakXOnly(context, point, parsed, tweak) !== 1) return undefined;
        const output = Buffer.alloc(PUBLIC_KEY_BYTES);
        return binding.xOnlyOfPublicKey(context, output, null, point) === 1 ? output : undefined;
      },
      verify: (signature, message, parsed) => binding.verify(context, signature, message, message.length, parsed) === 1,
    },
    fillRandom,
  );
}

/**
 * Makes secp256k1_schnorrsig_extraparams: four magic bytes, a nonce function (null: that of BIP340), and the address
 * of aux_rand, which therefore has to lie in native memory that doesn't move. Made once for each buffer.
 */
function extraParameters(): (auxRand: Buffer) => Uint8Array {
  if (koffi.sizeof('void *') !== 8) throw new EngineUnavailable('needs a 64-bit machine');
  const made = new Map<Buffer, Uint8Array>();
  return (auxRand) => {
    let parameters = made.get(auxRand);
    if (parameters === undefined) {
      const fields = new BigUint64Array(3);
      fields[2] = koffi.address(auxRand);
      parameters = new Uint8Array(fields.buffer);
      parameters.set([0xda, 0x6f, 0xb3, 0x8c]);
      made.set(auxRand, parameters);
    }
    return parameters;
  };
}

function bindSchnorr(library: Libsecp256k1): SchnorrBinding {
  return {
    createKeypair: library.bind('int secp256k1_keypair_create(const void *ctx, void *keypair, const void *seckey)'),
    xOnlyOfKeypair: library.bind(
      'int secp256k1_keypair_xonly_pub(const void *ctx, void *pubkey, void *pk_parity, const void *keypair)',
    ),
    tweakKeypair: library.bind(
      'int secp256k1_keypair_xonly_tweak_add(const void *ctx, void *keypair, const void *tweak32)',
    ),
    parseXOnly: library.bind('int secp256k1_xonly_pubkey_parse(const void *ctx, void *pubkey, const void *input32)'),
    serializeXOnly: library.bind(
      'int secp256k1_xonly_pubkey_serialize(const void *ctx, void *output32, const void *pubkey)',
    ),
    tweakXOnly: library.bind(
      'int secp256k1_xonly_pubkey_tweak_add(const void *ctx, void *output_pubkey, const void *internal_pubkey, const void *tweak32)',
    ),
    xOnlyOfPublicKey: library.bind(
      'int secp256k1_xonly_pubkey_from_pubkey(const void *ctx, void *xonly_pubkey, void *pk_parity, const void *pubkey)',
    ),
    sign: library.bind(
      'int secp256k1_schnorrsig_sign_custom(const void *ctx, void *sig64, const void *msg, size_t msglen, const void *keypair, const void *extraparams)',
    ),
    verify: library.bind(
      'int secp256k1_schnorrsig_verify(const void *ctx, const void *sig64, const void *msg, size_t msglen, const void *pubkey)',
    ),
  };
}
