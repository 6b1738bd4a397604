/** A party's message of round 1: its polynomial's commitments, and everybody's share of it, encrypted. */
import { createHmac } from 'node:crypto';
import { type Codec, fixed, list, struct } from '../codec.ts';
import { parseX25519PublicKey, x25519, x25519PrivateKey, x25519PublicBytes } from '../exchange/x25519.ts';
import type { Point } from '../group.ts';
import { commitToPolynomial, evaluatePolynomial } from '../polynomial.ts';
import type { SecretMemory } from '../secret-memory.ts';
import { SEALED_SHARE_BYTES, type SealingContext, sealShare } from '../share-encryption.ts';
import type { Ed25519Group } from './ed25519-group.ts';
import { type KeyGenerationSession, MAX_HOLDERS } from './key-generation-session.ts';
import { liftX25519PublicKey, liftX25519Secret } from './montgomery-map.ts';
import { isProofOfPossession, type ProofOfPossession, provePossession } from './proof-of-possession.ts';

export interface DealingMessage {
  /** One for each coefficient, the constant's first. */
  readonly commitments: readonly Uint8Array[];
  /** Of the constant coefficient. */
  readonly proof: ProofOfPossession;
  /** X25519, made for this message. */
  readonly ephemeralKey: Uint8Array;
  /** Of its secret, as a point of the group. */
  readonly ephemeralProof: ProofOfPossession;
  /** Of each party except the dealer, in their order. */
  readonly sealedShares: readonly Uint8Array[];
}

const proofCodec: Codec<ProofOfPossession> = struct<ProofOfPossession>({
  nonceCommitment: fixed(32),
  response: fixed(32),
});

export const dealingMessage: Codec<DealingMessage> = struct<DealingMessage>({
  commitments: list(fixed(32), MAX_HOLDERS),
  proof: proofCodec,
  ephemeralKey: fixed(32),
  ephemeralProof: proofCodec,
  sealedShares: list(fixed(SEALED_SHARE_BYTES), MAX_HOLDERS),
});

/** A dealing that everybody may rely on, as far as everybody can see. */
export interface Dealing {
  readonly message: DealingMessage;
  readonly commitments: readonly Point[];
}

export const SEED_BYTES = 32;
const SCALAR_BYTES = 32;
const DIGEST_BYTES = 64;

/** Who deals what. */
export interface DealerContext {
  readonly session: KeyGenerationSession;
  readonly sessionHash: Uint8Array;
  readonly dealer: number;
}

/**
 * Deals a random polynomial. Everything random comes from the seed, bound to session and dealer.
 * @param seed 32 fresh bytes of the kernel in secret memory; the caller wipes them
 * @param ownShare 32 bytes of secret memory: the dealer's own share
 */
export function deal(
  group: Ed25519Group,
  memory: SecretMemory,
  context: DealerContext,
  seed: Uint8Array,
  ownShare: Uint8Array,
): DealingMessage {
  if (seed.length !== SEED_BYTES) throw new RangeError('a seed has 32 bytes');
  const { session, sessionHash, dealer } = context;
  const secrets = memory.allocate(SCALAR_BYTES * (session.threshold + 5) + DIGEST_BYTES);
  const take = (index: number) => secrets.subarray(SCALAR_BYTES * index, SCALAR_BYTES * (index + 1));
  const [nonce, scratch, share, ephemeralSecret, ephemeralScalar] = [take(0), take(1), take(2), take(3), take(4)];
  const coefficients = secrets.subarray(SCALAR_BYTES * 5, SCALAR_BYTES * (session.threshold + 5));
  const wide = secrets.subarray(SCALAR_BYTES * (session.threshold + 5));
  try {
    for (let i = 0; i < session.threshold; i += 1) {
      expand(wide, seed, context, 'coefficient', i);
      group.reduce(coefficients.subarray(SCALAR_BYTES * i, SCALAR_BYTES * (i + 1)), wide);
    }
    const commitments = commitToPolynomial(group, coefficients).map((point) => group.encode(point));
    expand(wide, seed, context, 'nonce', 0);
    group.reduce(nonce, wide);
    const proof = provePossession(
      group,
      { sessionHash, dealer, purpose: 'polynomial', statement: commitments },
      coefficients.subarray(0, SCALAR_BYTES),
      ...([nonce, scratch] as const),
    );

    expand(wide, seed, context, 'ephemeral', 0);
    ephemeralSecret.set(wide.subarray(0, SCALAR_BYTES));
    const ephemeral = x25519PrivateKey(ephemeralSecret);
    const ephemeralKey = x25519PublicBytes(ephemeral);
    const lifted = liftX25519PublicKey(group, ephemeralKey);
    if (lifted === undefined) throw new Error('an X25519 key outside its subgroup');
    liftX25519Secret(group, ephemeralScalar, ephemeralSecret, lifted);
    expand(wide, seed, context, 'nonce', 1);
    group.reduce(nonce, wide);
    const ephemeralProof = provePossession(
      group,
      { sessionHash, dealer, purpose: 'ephemeral key', statement: [ephemeralKey] },
      ephemeralScalar,
      ...([nonce, scratch] as const),
    );

    const sealedShares: Uint8Array[] = [];
    for (const [recipient, dealKey] of session.dealKeys.entries()) {
      evaluatePolynomial(group, share, coefficients, recipient + 1);
      if (recipient === dealer) {
        ownShare.set(share);
        continue;
      }
      const recipientKey = parseX25519PublicKey(dealKey);
      if (recipientKey === undefined) throw new RangeError("a deal key isn't a public key");
      const shared = x25519(ephemeral, recipientKey);
      sealedShares.push(sealShare({ sessionHash, dealer, recipient, ephemeralKey, dealKey }, shared, share));
      shared.fill(0);
    }
    return { commitments, proof, ephemeralKey, ephemeralProof, sealedShares };
  } finally {
    memory.free(secrets);
  }
}

/** Checks what everybody can check. @returns what is wrong, or the dealing */
export function checkDealing(group: Ed25519Group, context: DealerContext, message: DealingMessage): Dealing | string {
  const { session, sessionHash, dealer } = context;
  if (message.commitments.length !== session.threshold) return 'not as many commitments as the threshold';
  if (message.sealedShares.length !== session.identities.length - 1) return 'not one share for each other party';
  const commitments: Point[] = [];
  for (const encoded of message.commitments) {
    const commitment = group.decode(encoded);
    if (commitment === undefined) return "a commitment isn't a point";
    commitments.push(commitment);
  }
  const [constant] = commitments;
  const proven = { sessionHash, dealer, purpose: 'polynomial', statement: message.commitments } as const;
  if (constant === undefined || !isProofOfPossession(group, proven, constant, message.proof)) {
    return 'the proof of possession is wrong';
  }
  // A complaint proves things about this key in the group, so that it has to be in it.
  const ephemeral = liftX25519PublicKey(group, message.ephemeralKey);
  if (ephemeral === undefined) return "the ephemeral key isn't a public key";
  const owned = { sessionHash, dealer, purpose: 'ephemeral key', statement: [message.ephemeralKey] } as const;
  if (!isProofOfPossession(group, owned, ephemeral, message.ephemeralProof))
    return "the ephemeral key isn't the dealer's";
  return { message, commitments };
}

/** Where a recipient's share is, and what it's bound to. */
export function sealedShareOf(
  { session, sessionHash, dealer }: DealerContext,
  message: DealingMessage,
  recipient: number,
): { readonly sealed: Uint8Array; readonly context: SealingContext } {
  const sealed = message.sealedShares[recipient < dealer ? recipient : recipient - 1];
  const dealKey = session.dealKeys[recipient];
  if (sealed === undefined || dealKey === undefined || recipient === dealer) throw new RangeError('no such share');
  return { sealed, context: { sessionHash, dealer, recipient, ephemeralKey: message.ephemeralKey, dealKey } };
}

/** `out` = 64 bytes of HMAC-SHA512 under the seed. */
function expand(out: Uint8Array, seed: Uint8Array, context: DealerContext, purpose: string, index: number): void {
  const numbers = Buffer.alloc(8);
  numbers.writeUInt32LE(context.dealer);
  numbers.writeUInt32LE(index, 4);
  const digest = createHmac('sha512', seed)
    .update(`countersign/ed25519/key-generation/${purpose}/v1\0`)
    .update(context.sessionHash)
    .update(numbers)
    .digest();
  out.set(digest);
  digest.fill(0);
}
