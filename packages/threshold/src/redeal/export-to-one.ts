/**
 * Leaves threshold signing: enough holders give their shares to one of them, encrypted, which puts the key together and
 * checks it. Everybody must know that from then on one party alone can sign.
 */
import { decode, encode, fixed, MalformedBytes, struct } from '../codec.ts';
import { lagrangeCoefficient } from '../ed25519/lagrange-coefficient.ts';
import { openShare, sealShare } from '../ed25519/share-encryption.ts';
import { parseX25519PublicKey, x25519, x25519PrivateKey, x25519PublicBytes } from '../exchange/x25519.ts';
import type { PrimeOrderGroup } from '../group.ts';
import { ProtocolAbort, type Round, round } from '../protocol.ts';
import type { SecretMemory } from '../secret-memory.ts';

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
  /** Its secret; the recipient's alone. */
  readonly recipientSecret: Uint8Array | undefined;
  /** This party's, in secret memory; the caller's. */
  readonly scalar: Uint8Array;
  /** 32 fresh bytes of the kernel in secret memory; wiped. */
  readonly seed: Uint8Array;
}

const SCALAR_BYTES = 32;
const message = struct({ ephemeralKey: fixed(32), sealed: fixed(48) });

/** Finishes with the whole secret at the recipient (in secret memory, its to free), with nothing at the others. */
export function exportToOne(parameters: ExportParameters): Round<{ readonly secret: Buffer | undefined }> {
  const { me, recipient, recipientKey, scalar, seed, session } = parameters;
  let broadcast = new Uint8Array(0);
  if (me !== recipient) {
    const key = parseX25519PublicKey(recipientKey);
    if (key === undefined) throw new ProtocolAbort([recipient], "the recipient's key isn't a public key");
    const ephemeral = x25519PrivateKey(seed);
    const ephemeralKey = x25519PublicBytes(ephemeral);
    const shared = x25519(ephemeral, key);
    const context = { sessionHash: session, dealer: me, recipient, ephemeralKey, dealKey: recipientKey };
    const sealed = sealShare(context, shared, scalar);
    shared.fill(0);
    broadcast = Uint8Array.from(encode(message, { ephemeralKey, sealed }));
  }
  seed.fill(0);
  return round({
    broadcast,
    next: (broadcasts) => ({
      kind: 'finished',
      result: { secret: me === recipient ? putTogether(parameters, broadcasts) : undefined },
    }),
  });
}

function putTogether(parameters: ExportParameters, broadcasts: readonly Uint8Array[]): Buffer {
  const { group, memory, parties, me, groupKey } = parameters;
  const identifiers = parties.map(({ index }) => index + 1);
  const secret = memory.allocate(SCALAR_BYTES);
  const part = memory.allocate(SCALAR_BYTES);
  try {
    const culprits: number[] = [];
    parties.forEach(({ index, publicShare }, position) => {
      if (position === me) part.set(parameters.scalar);
      else if (!open(parameters, position, broadcasts[position] ?? new Uint8Array(0), part)) {
        culprits.push(position);
        return;
      }
      if (!group.isScalar(part) || Buffer.compare(group.encode(group.multiplyBase(part)), publicShare) !== 0) {
        culprits.push(position);
        return;
      }
      group.multiplyScalars(part, part, lagrangeCoefficient(group, identifiers, index + 1));
      group.addScalars(secret, secret, part);
    });
    if (culprits.length > 0) throw new ProtocolAbort(culprits, 'a share is not the one that the key has');
    if (Buffer.compare(group.encode(group.multiplyBase(secret)), groupKey) !== 0)
      throw new ProtocolAbort([], 'the shares do not give the key');
    return secret;
  } catch (error) {
    memory.free(secret);
    throw error;
  } finally {
    memory.free(part);
  }
}

function open(parameters: ExportParameters, dealer: number, bytes: Uint8Array, out: Uint8Array): boolean {
  const { recipientSecret, recipientKey, recipient, session } = parameters;
  if (recipientSecret === undefined) throw new RangeError('the recipient has no secret');
  try {
    const { ephemeralKey, sealed } = decode(message, bytes);
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
