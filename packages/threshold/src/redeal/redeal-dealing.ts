/** A dealer's message of round 1: its polynomial's commitments, and every receiver's part of it, encrypted. */
import { createHmac } from 'node:crypto';
import { decode, encode, MalformedBytes } from '../codec.ts';
import { parseX25519PublicKey, x25519, x25519PrivateKey, x25519PublicBytes } from '../exchange/x25519.ts';
import type { Point } from '../group.ts';
import { commitToPolynomial, evaluateCommitments, evaluatePolynomial } from '../polynomial.ts';
import { ProtocolAbort } from '../protocol.ts';
import { openShare, type SealingContext, sealShare } from '../share-encryption.ts';
import { dealersOf, type RedealParameters, receiversOf } from './redeal-parameters.ts';
import { type DealingMessage, dealingMessage, readCommitments } from './redeal-transcript.ts';

/** A dealer's message that everybody may rely on, as far as everybody can see. */
export interface Dealing {
  /** Position among the parties. */
  readonly dealer: number;
  readonly message: DealingMessage;
  readonly commitments: readonly Point[];
}

const SCALAR_BYTES = 32;
const DIGEST_BYTES = 64;

/**
 * Deals a polynomial of degree t - 1 with this party's constant. Everything random comes from the seed.
 * @param ownPart 32 bytes of secret memory: the part that the dealer itself receives, if it does
 * @returns the broadcast
 */
export function deal(parameters: RedealParameters, ownPart: Uint8Array): Uint8Array {
  const { group, memory, parties, me, threshold, constant } = parameters;
  const secrets = memory.allocate(SCALAR_BYTES * (threshold + 2) + DIGEST_BYTES);
  const take = (place: number) => secrets.subarray(SCALAR_BYTES * place, SCALAR_BYTES * (place + 1));
  const [part, ephemeralSecret] = [take(0), take(1)];
  const coefficients = secrets.subarray(SCALAR_BYTES * 2, SCALAR_BYTES * (threshold + 2));
  const wide = secrets.subarray(SCALAR_BYTES * (threshold + 2));
  try {
    if (constant !== undefined) coefficients.set(constant);
    for (let power = 1; power < threshold; power += 1) {
      expand(wide, parameters, 'coefficient', power);
      group.reduce(coefficients.subarray(SCALAR_BYTES * power, SCALAR_BYTES * (power + 1)), wide);
    }
    expand(wide, parameters, 'ephemeral', 0);
    ephemeralSecret.set(wide.subarray(0, SCALAR_BYTES));
    const ephemeral = x25519PrivateKey(ephemeralSecret);
    const ephemeralKey = x25519PublicBytes(ephemeral);

    const committed = constant === undefined ? coefficients.subarray(SCALAR_BYTES) : coefficients;
    const commitments = commitToPolynomial(group, committed).map((point) => group.encode(point));
    const sealed: Uint8Array[] = [];
    for (const { receiver, index } of receiversOf(parties)) {
      evaluatePolynomial(group, part, coefficients, index + 1);
      if (receiver === me) {
        ownPart.set(part);
        continue;
      }
      const context = sealingContext(parameters, me, receiver, ephemeralKey);
      const receiverKey = parseX25519PublicKey(context.dealKey);
      if (receiverKey === undefined) throw new RangeError("a deal key isn't a public key");
      const shared = x25519(ephemeral, receiverKey);
      sealed.push(sealShare(context, shared, part));
      shared.fill(0);
    }
    return encode(dealingMessage, { commitments, ephemeralKey, sealed });
  } finally {
    memory.free(secrets);
  }
}

/** @throws ProtocolAbort naming everybody whose message isn't what it must be, the same at all parties */
export function checkDealings(
  { group, parties, threshold }: RedealParameters,
  messages: readonly Uint8Array[],
): readonly Dealing[] {
  const receivers = receiversOf(parties);
  const dealings: Dealing[] = [];
  const culprits: number[] = [];
  for (const [dealer, { constant, index }] of parties.entries()) {
    const bytes = messages[dealer] ?? new Uint8Array(0);
    if (constant === undefined) {
      if (bytes.length > 0) culprits.push(dealer);
      continue;
    }
    const message = decodeDealing(bytes);
    const commitments = message && readCommitments(group, message, constant, threshold);
    const sealedParts = receivers.length - (index === undefined ? 0 : 1);
    const isWhole = message?.sealed.length === sealedParts && parseX25519PublicKey(message.ephemeralKey) !== undefined;
    if (message === undefined || commitments === undefined || !isWhole) culprits.push(dealer);
    else dealings.push({ dealer, message, commitments });
  }
  if (culprits.length > 0)
    throw new ProtocolAbort(culprits, 'a dealing is malformed, of the wrong degree, or of another constant');
  return dealings;
}

/**
 * `out` = a receiver's part of a dealing that has passed `checkDealings`.
 * @param out 32 bytes of secret memory
 * @param dealSecret the receiver's X25519 secret for this dealer
 * @returns whether it is the one that the dealer has committed to
 */
export function openPart(
  parameters: RedealParameters,
  { dealer, message, commitments }: Dealing,
  receiver: number,
  dealSecret: Uint8Array,
  out: Uint8Array,
): boolean {
  const { group, parties } = parameters;
  const others = receiversOf(parties).filter((other) => other.receiver !== dealer);
  const place = others.findIndex((other) => other.receiver === receiver);
  const sealed = message.sealed[place];
  const index = others[place]?.index;
  const ephemeralKey = parseX25519PublicKey(message.ephemeralKey);
  if (sealed === undefined || index === undefined || ephemeralKey === undefined) return false;
  const context = sealingContext(parameters, dealer, receiver, message.ephemeralKey);
  const shared = x25519(x25519PrivateKey(dealSecret), ephemeralKey);
  const isOpened = openShare(out, context, shared, sealed);
  shared.fill(0);
  return (
    isOpened &&
    group.isScalar(out) &&
    group.equals(group.multiplyBase(out), evaluateCommitments(group, commitments, index + 1))
  );
}

/** The key that `dealer` encrypts this receiver's part to. @throws RangeError for who doesn't deal or receive */
export function dealKeyFor({ parties }: RedealParameters, dealer: number, receiver: number): Uint8Array {
  const key = parties[receiver]?.dealKeys[dealerPlace(parties, dealer)];
  if (key === undefined) throw new RangeError('a receiver has a key for each dealer');
  return key;
}

/** This party's secret of `dealKeyFor`. */
export function dealSecretFor({ parties, dealSecrets }: RedealParameters, dealer: number): Uint8Array {
  const secret = dealSecrets[dealerPlace(parties, dealer)];
  if (secret === undefined) throw new RangeError('a receiver has a secret for each dealer');
  return secret;
}

function dealerPlace(parties: RedealParameters['parties'], position: number): number {
  return dealersOf(parties).findIndex(({ dealer }) => dealer === position);
}

function sealingContext(
  parameters: RedealParameters,
  dealer: number,
  recipient: number,
  ephemeralKey: Uint8Array,
): SealingContext {
  const dealKey = dealKeyFor(parameters, dealer, recipient);
  return { sessionHash: parameters.session, dealer, recipient, ephemeralKey, dealKey };
}

function decodeDealing(bytes: Uint8Array): DealingMessage | undefined {
  try {
    return decode(dealingMessage, bytes);
  } catch (error) {
    if (error instanceof MalformedBytes) return undefined;
    throw error;
  }
}

/** `out` = 64 bytes of HMAC-SHA512 under the seed. */
function expand(out: Uint8Array, { seed, session, me }: RedealParameters, purpose: string, power: number): void {
  const digest = createHmac('sha512', seed)
    .update(`countersign/redeal/${purpose}/v1\0${me}/${power}\0`)
    .update(session)
    .digest();
  out.set(digest);
  digest.fill(0);
}
