import type { Secp256k1Group } from '../secp256k1/secp256k1-group.ts';
import type { PublicNonce } from './nonces.ts';
import { SECRET_NONCE_BYTES, SecretNonce } from './secret-nonce.ts';
import { InvalidSigningInput } from './signing-errors.ts';

const SCALAR_BYTES = 32;

/** What is mixed into the nonces. All but the randomness may be left out, and is defence in depth. */
export interface NonceInput {
  /** 32 fresh bytes of the kernel's, never used again. Not changed here. */
  readonly random: Uint8Array;
  /** 32 bytes. */
  readonly secretShare?: Uint8Array | undefined;
  /** 33 bytes. */
  readonly publicShare?: Uint8Array | undefined;
  /** The key that will verify the signature: 32 bytes, x-only, tweaked. */
  readonly thresholdPublicKey?: Uint8Array | undefined;
  /** Undefined and empty are two things. */
  readonly message?: Uint8Array | undefined;
  readonly extraInput?: Uint8Array | undefined;
}

export interface GeneratedNonce {
  readonly secret: SecretNonce;
  readonly public: PublicNonce;
}

/**
 * BIP 445, `NonceGenInternal`.
 *
 * @param memory 64 bytes of locked memory that the secret nonce takes over; without it, it gets some of its own
 * @throws InvalidSigningInput `length`
 */
export function nonceGen(group: Secp256k1Group, input: NonceInput, memory?: Uint8Array): GeneratedNonce {
  const { secretShare, publicShare, thresholdPublicKey } = input;
  assertLength('randomness', input.random, SCALAR_BYTES);
  if (secretShare !== undefined) assertLength('secret share', secretShare, SCALAR_BYTES);
  if (publicShare !== undefined) assertLength('public share', publicShare, group.pointBytes);
  if (thresholdPublicKey !== undefined) assertLength('x-only threshold public key', thresholdPublicKey, SCALAR_BYTES);

  const bytes = memory ?? group.allocateSecret(SECRET_NONCE_BYTES);
  const secret = new SecretNonce(bytes, memory === undefined ? group.freeSecret : undefined);
  try {
    const publicPart = publicPartOf(input);
    const nonce = hashNonces(group, bytes, (masked) => {
      if (secretShare === undefined) masked.set(input.random);
      else maskShare(group, masked, secretShare, input.random);
      return { tag: 'BIP0445/nonce', publicPart };
    });
    return { secret, public: nonce };
  } catch (error) {
    secret.destroy();
    throw error;
  }
}

/** `out` = the share XOR a tagged hash of the randomness, so that neither alone decides. */
export function maskShare(group: Secp256k1Group, out: Uint8Array, secretShare: Uint8Array, random: Uint8Array): void {
  group.hashSecret(out, 'BIP0445/aux', [random]);
  for (let index = 0; index < SCALAR_BYTES; index += 1) out[index] = (out[index] ?? 0) ^ (secretShare[index] ?? 0);
}

/**
 * Fills 64 bytes with the two secret nonces: tagged hashes over a secret, a public part, and 0 or 1.
 *
 * @param prepare writes the secret, 32 bytes, and tells the rest. It lies where the second nonce will be: nothing
 *   secret is ever outside the memory given.
 */
export function hashNonces(
  group: Secp256k1Group,
  memory: Uint8Array,
  prepare: (masked: Uint8Array) => { readonly tag: string; readonly publicPart: Uint8Array },
): PublicNonce {
  const first = memory.subarray(0, SCALAR_BYTES);
  const second = memory.subarray(SCALAR_BYTES);
  const { tag, publicPart } = prepare(second);
  group.hashSecret(first, tag, [second, publicPart, Uint8Array.of(0)]);
  group.hashSecret(second, tag, [second, publicPart, Uint8Array.of(1)]);
  group.reduce(first, first);
  group.reduce(second, second);
  const nonce = { first: group.multiplyBase(first), second: group.multiplyBase(second) };
  if (group.isIdentity(nonce.first) || group.isIdentity(nonce.second)) throw new Error('a nonce is zero');
  return nonce;
}

function publicPartOf(input: NonceInput): Uint8Array {
  const publicShare = input.publicShare ?? new Uint8Array(0);
  const thresholdPublicKey = input.thresholdPublicKey ?? new Uint8Array(0);
  const extraInput = input.extraInput ?? new Uint8Array(0);
  return Buffer.concat([
    Uint8Array.of(publicShare.length),
    publicShare,
    Uint8Array.of(thresholdPublicKey.length),
    thresholdPublicKey,
    ...(input.message === undefined
      ? [Uint8Array.of(0)]
      : [Uint8Array.of(1), uint64(input.message.length), input.message]),
    uint64(extraInput.length).subarray(4),
    extraInput,
  ]);
}

/** 8 bytes, most significant first. */
export function uint64(value: number): Uint8Array {
  const bytes = Buffer.alloc(8);
  // Big integers cost as much as a hash; nothing here is 2^53 bytes long.
  bytes.writeUInt32BE(Math.floor(value / 2 ** 32));
  bytes.writeUInt32BE(value % 2 ** 32, 4);
  return bytes;
}

function assertLength(name: string, bytes: Uint8Array, length: number): void {
  if (bytes.length !== length) {
    throw new InvalidSigningInput('length', `the ${name} has ${length} bytes, not ${bytes.length}`);
  }
}
