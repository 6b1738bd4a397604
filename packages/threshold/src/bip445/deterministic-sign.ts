import type { Secp256k1Group } from '../secp256k1/secp256k1-group.ts';
import { hashNonces, maskShare, uint64 } from './nonce-generation.ts';
import { aggregateNonces, decodePublicNonce, encodePublicNonce, type PublicNonce } from './nonces.ts';
import { signWithShare } from './partial-signature.ts';
import { SECRET_NONCE_BYTES, SecretNonce } from './secret-nonce.ts';
import { openSession } from './session.ts';
import { openShare, type Signers } from './signers.ts';
import { InvalidContribution } from './signing-errors.ts';
import type { TweakedKey } from './tweaked-key.ts';

export interface DeterministicInput {
  /** 32 bytes. */
  readonly secretShare: Uint8Array;
  readonly id: number;
  /** 66 bytes: the aggregate of all other signers' nonces, which are fixed before; undefined for a sole signer. */
  readonly aggregateOtherNonce: Uint8Array | undefined;
  readonly signers: Signers;
  readonly key: TweakedKey;
  readonly message: Uint8Array;
  /** 32 bytes of randomness as a defence against faults, or undefined. */
  readonly random: Uint8Array | undefined;
}

/**
 * BIP 445, `DeterministicSign`: for the signer who is last and knows all others' nonces. Where all broadcast at once
 * nobody is last, so that our own exchange doesn't use it.
 *
 * @throws InvalidContribution where the other nonces' aggregate is none
 * @throws InvalidSigningInput
 */
export function deterministicSign(
  group: Secp256k1Group,
  input: DeterministicInput,
): { readonly publicNonce: Uint8Array; readonly partialSignature: Uint8Array } {
  const { signers, key, message, aggregateOtherNonce, random } = input;
  const share = openShare(group, signers, input.id, input.secretShare);
  const memory = group.allocateSecret(SECRET_NONCE_BYTES);
  const secretNonce = new SecretNonce(memory, group.freeSecret);
  try {
    const nonce = hashNonces(group, memory, (masked) => {
      if (random === undefined) masked.set(input.secretShare);
      else maskShare(group, masked, input.secretShare, random);
      return { tag: 'BIP0445/deterministic/nonce', publicPart: publicPartOf(input) };
    });
    const nonces = [nonce];
    if (aggregateOtherNonce !== undefined) nonces.push(decodeOther(group, aggregateOtherNonce));
    const session = openSession(group, { signers, key, message, aggregateNonce: aggregateNonces(group, nonces) });
    return {
      publicNonce: encodePublicNonce(group, nonce),
      partialSignature: signWithShare(group, secretNonce, share, session),
    };
  } finally {
    secretNonce.destroy();
  }
}

/** The specification takes the aggregate for a public nonce: neither half may be the identity. */
function decodeOther(group: Secp256k1Group, encoded: Uint8Array): PublicNonce {
  const nonce = decodePublicNonce(group, encoded);
  if (nonce === undefined) throw new InvalidContribution(undefined, 'aggregate of the other nonces');
  return nonce;
}

function publicPartOf({ id, signers, aggregateOtherNonce, key, message }: DeterministicInput): Uint8Array {
  const counts = Buffer.alloc(8);
  counts.writeUInt32BE(id);
  counts.writeUInt32BE(signers.ids.length, 4);
  return Buffer.concat([
    counts,
    signers.serializedIds,
    aggregateOtherNonce ?? new Uint8Array(0),
    key.xOnly,
    uint64(message.length),
    message,
  ]);
}
