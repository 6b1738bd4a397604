/**
 * Leaves threshold signing: enough holders give their shares to one of them, encrypted, which puts the key together and
 * checks it. Everybody must know that from then on one party alone can sign.
 */
import type { KeyObject } from 'node:crypto';
import { decode, encode, fixed, MalformedBytes, struct } from '../codec.ts';
import { parseX25519PublicKey, x25519, x25519PrivateKey, x25519PublicBytes } from '../exchange/x25519.ts';
import type { Point, PrimeOrderGroup } from '../group.ts';
import { lagrangeCoefficient } from '../lagrange-coefficient.ts';
import { ProtocolAbort, type Round, round } from '../protocol.ts';
import type { SecretMemory } from '../secret-memory.ts';
import { openShare, SEALED_SHARE_BYTES, sealShare } from '../share-encryption.ts';

export interface ExportParameters {
  readonly group: PrimeOrderGroup;
  readonly memory: SecretMemory;
  /** 32 bytes that no other operation has. */
  readonly session: Uint8Array;
  readonly groupKey: Uint8Array;
  /** In an order that all share; at least as many as the threshold. */
  readonly parties: readonly { readonly index: number; readonly publicShare: Uint8Array }[];
  readonly me: number;
  readonly recipient: number;
  /** X25519, made by the recipient for this operation. */
  readonly recipientKey: Uint8Array;
  /** Its secret, the recipient's alone; the caller's, read until the end. */
  readonly recipientSecret: Uint8Array | undefined;
  /** This party's, in secret memory; the caller's, the recipient's read until the end. */
  readonly scalar: Uint8Array;
  /** 32 fresh bytes of the kernel in secret memory; wiped. */
  readonly seed: Uint8Array;
}

const SCALAR_BYTES = 32;
const message = struct({ ephemeralKey: fixed(32), sealed: fixed(SEALED_SHARE_BYTES) });

/** Somebody who gives a share, with what the share must be. */
interface Giver {
  readonly publicShare: Point;
  readonly coefficient: Uint8Array;
}

/**
 * Finishes with the whole secret at the recipient (in secret memory, its to free), with nothing at the others.
 * @throws RangeError for parameters that no honest party has
 * @throws ProtocolAbort naming the recipient, whose key isn't one
 */
export function exportToOne(parameters: ExportParameters): Round<{ readonly secret: Buffer | undefined }> {
  const { me, recipient, seed } = parameters;
  try {
    const givers = readParties(parameters);
    const key = parseX25519PublicKey(parameters.recipientKey);
    if (key === undefined) throw new ProtocolAbort([recipient], "the recipient's key isn't a public key");
    return round({
      broadcast: me === recipient ? new Uint8Array(0) : sealOwnShare(parameters, key),
      next: (broadcasts) => {
        if (broadcasts.length !== givers.length) throw new RangeError('one message of each party');
        const secret = me === recipient ? putTogether(parameters, givers, broadcasts) : undefined;
        return { kind: 'finished', result: { secret } };
      },
    });
  } finally {
    seed.fill(0);
  }
}

/** Before any share leaves: the parties are enough for the key, and this one has what it is said to have. */
function readParties(parameters: ExportParameters): readonly Giver[] {
  const { group, parties, me, recipient, recipientKey, recipientSecret, groupKey, session, scalar } = parameters;
  if (session.length !== 32) throw new RangeError('a session has 32 bytes');
  if (parties[me] === undefined || parties[recipient] === undefined) throw new RangeError('no such party');
  const identifiers = parties.map(({ index }) => index + 1);
  const givers = parties.map(({ index, publicShare: encoded }): Giver => {
    const publicShare = group.decode(encoded);
    if (publicShare === undefined) throw new RangeError('a public share is none');
    return { publicShare, coefficient: lagrangeCoefficient(group, identifiers, index + 1) };
  });
  const key = group.decode(groupKey);
  const sum = group.add(givers.map(({ publicShare, coefficient }) => group.multiplyPublic(publicShare, coefficient)));
  if (key === undefined || !group.equals(sum, key)) throw new RangeError('these shares do not give the key');
  if (!isShare(group, scalar, givers[me])) throw new RangeError("the share isn't this party's");
  if (me !== recipient) return givers;
  const own = recipientSecret && x25519PublicBytes(x25519PrivateKey(recipientSecret));
  if (own === undefined || Buffer.compare(own, recipientKey) !== 0)
    throw new RangeError("the recipient's secret isn't that of its key");
  return givers;
}

function sealOwnShare(
  { me, recipient, recipientKey, scalar, seed, session }: ExportParameters,
  key: KeyObject,
): Buffer {
  const ephemeral = x25519PrivateKey(seed);
  const ephemeralKey = x25519PublicBytes(ephemeral);
  const shared = x25519(ephemeral, key);
  const context = { sessionHash: session, dealer: me, recipient, ephemeralKey, dealKey: recipientKey };
  const sealed = sealShare(context, shared, scalar);
  shared.fill(0);
  return encode(message, { ephemeralKey, sealed });
}

function putTogether(
  parameters: ExportParameters,
  givers: readonly Giver[],
  broadcasts: readonly Uint8Array[],
): Buffer {
  const { group, memory, me, scalar } = parameters;
  const secret = memory.allocate(SCALAR_BYTES);
  let isWhole = false;
  try {
    const part = memory.allocate(SCALAR_BYTES);
    try {
      const culprits: number[] = [];
      for (const [position, giver] of givers.entries()) {
        const isOpened = position === me || open(parameters, position, broadcasts[position], part);
        if (position === me) part.set(scalar);
        if (!isOpened || !isShare(group, part, giver)) {
          culprits.push(position);
          continue;
        }
        group.multiplyScalars(part, part, giver.coefficient);
        group.addScalars(secret, secret, part);
      }
      if (culprits.length > 0) throw new ProtocolAbort(culprits, 'a share is not the one that the key has');
    } finally {
      memory.free(part);
    }
    isWhole = true;
    return secret;
  } finally {
    if (!isWhole) memory.free(secret);
  }
}

function isShare(group: PrimeOrderGroup, share: Uint8Array, giver: Giver | undefined): boolean {
  return giver !== undefined && group.isScalar(share) && group.equals(group.multiplyBase(share), giver.publicShare);
}

function open(parameters: ExportParameters, dealer: number, bytes: Uint8Array | undefined, out: Uint8Array): boolean {
  const { recipientSecret, recipientKey, recipient, session } = parameters;
  if (recipientSecret === undefined) throw new RangeError('the recipient has no secret');
  try {
    const { ephemeralKey, sealed } = decode(message, bytes ?? new Uint8Array(0));
    const key = parseX25519PublicKey(ephemeralKey);
    if (key === undefined) return false;
    const shared = x25519(x25519PrivateKey(recipientSecret), key);
    const context = { sessionHash: session, dealer, recipient, ephemeralKey, dealKey: recipientKey };
    const isOpened = openShare(out, context, shared, sealed);
    shared.fill(0);
    return isOpened;
  } catch (error) {
    if (error instanceof MalformedBytes) return false;
    throw error;
  }
}
