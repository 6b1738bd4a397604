import { MAX_PARTIES } from '../exchange/exchange-limits.ts';
import { parseX25519PublicKey, x25519PrivateKey, x25519PublicBytes } from '../exchange/x25519.ts';
import type { Point, PrimeOrderGroup } from '../group.ts';
import { lagrangeCoefficient } from '../lagrange-coefficient.ts';
import { ProtocolAbort } from '../protocol.ts';
import type { SecretMemory } from '../secret-memory.ts';
import type { RedealKind, RedealParty } from './redeal-transcript.ts';

export interface RedealParameters {
  readonly group: PrimeOrderGroup;
  readonly memory: SecretMemory;
  readonly kind: RedealKind;
  /** Of the new shares. */
  readonly threshold: number;
  readonly epoch: number;
  /** That all dealers' constants add up to; for a refresh, that of the shares which are added to. */
  readonly groupKey: Uint8Array;
  /** 32 bytes that no other operation has; bound to everything else that was agreed upon. */
  readonly session: Uint8Array;
  /** Everybody in the room, in an order that all share: at most 20 deal, and at most 20 receive. */
  readonly parties: readonly RedealParty[];
  /** This party's position. */
  readonly me: number;
  /** A receiver's X25519 secrets, one for each dealer in the dealers' order; the caller's, read until the end. */
  readonly dealSecrets: readonly Uint8Array[];
  /** A dealer's constant, in secret memory, read at once; undefined where it is zero, and for who doesn't deal. */
  readonly constant: Uint8Array | undefined;
  /** What a refresh adds to: this party's share (read until the end of round 1), and all public shares by index. */
  readonly base: { readonly scalar: Uint8Array; readonly publicShares: readonly Uint8Array[] } | undefined;
  /** 32 fresh bytes of the kernel, in secret memory; wiped. */
  readonly seed: Uint8Array;
  /** Ed25519 by this party's identity over `taggedHash(tag, message)`. */
  readonly sign: (tag: string, message: Uint8Array) => Uint8Array;
}

const KEY_BYTES = 32;

/**
 * What makes this party able to keep to the protocol, so that a mistake of its caller ends here and isn't taken for a
 * lie by the others; and what all parties see alike before the first message.
 * @throws RangeError for parameters that no honest party has
 * @throws ProtocolAbort naming whose deal keys are none, the same at all parties; nobody, where what is dealt is
 *   another key
 */
export function assertParameters(parameters: RedealParameters): void {
  assertParties(parameters);
  assertOwnPart(parameters);
  const { group, kind, parties, groupKey, threshold, base } = parameters;
  // By all, not by those alone who deal to them: who lies here lies to everybody.
  const culprits = [...parties.keys()].filter((position) =>
    parties[position]?.dealKeys.some((key) => parseX25519PublicKey(key) === undefined),
  );
  if (culprits.length > 0) throw new ProtocolAbort(culprits, "a key to deal to isn't a public key");

  const key = group.decode(groupKey);
  if (key === undefined) throw new RangeError('the group key is not a point');
  if (kind === 'refresh') {
    const shares = base?.publicShares.map((share) => group.decode(share)) ?? [];
    if (!isSharing(group, shares, threshold, key)) throw new RangeError('the old shares are not those of the key');
    return;
  }
  const constants = dealersOf(parties).map(({ constant }) => group.decode(constant));
  const points = constants.filter((point) => point !== undefined);
  if (points.length < constants.length || !group.equals(group.add(points), key))
    throw new ProtocolAbort([], 'what is to be dealt does not add up to the group key');
}

/** Who deals, in the order of the parties. */
export function dealersOf(
  parties: readonly RedealParty[],
): readonly { readonly dealer: number; readonly constant: Uint8Array }[] {
  return parties.flatMap(({ constant }, dealer) => (constant === undefined ? [] : [{ dealer, constant }]));
}

/** Who receives, in the order of the parties. */
export function receiversOf(
  parties: readonly RedealParty[],
): readonly { readonly receiver: number; readonly index: number }[] {
  return parties.flatMap(({ index }, receiver) => (index === undefined ? [] : [{ receiver, index }]));
}

function assertParties({ kind, parties, threshold, session, me, base }: RedealParameters): void {
  const dealers = dealersOf(parties);
  const receivers = receiversOf(parties);
  const indexes = receivers.map(({ index }) => index).sort((a, b) => a - b);
  if (parties[me] === undefined) throw new RangeError('no such party');
  if (session.length !== 32) throw new RangeError('a session has 32 bytes');
  if (new Set(parties.map(({ identity }) => Buffer.from(identity).toString('hex'))).size !== parties.length)
    throw new RangeError('a party takes part twice');
  if (dealers.length < 1 || dealers.length > MAX_PARTIES || receivers.length > MAX_PARTIES)
    throw new RangeError(`1 to ${MAX_PARTIES} parties deal, and 1 to ${MAX_PARTIES} receive`);
  if (indexes.some((index, place) => index !== place)) throw new RangeError('the receivers are not numbered from 0');
  if (!Number.isInteger(threshold) || threshold < 1 || threshold > receivers.length)
    throw new RangeError('a threshold is 1 to the number of receivers');
  if (parties.some(({ index, dealKeys }) => dealKeys.length !== (index === undefined ? 0 : dealers.length)))
    throw new RangeError('a receiver has a key for each dealer, others have none');
  if (kind === 'refresh') {
    // Whoever dealt nothing would have to trust that one of the others is honest.
    const isOfAll = dealers.length === parties.length && receivers.length === parties.length;
    if (!isOfAll || dealers.some(({ constant }) => constant.length > 0))
      throw new RangeError('in a refresh all parties deal zero, and all receive');
    if (base?.publicShares.length !== parties.length) throw new RangeError('a refresh adds to the shares of all');
  } else if (base !== undefined) throw new RangeError('only a refresh adds to shares');
  if (kind === 'import' && dealers.length !== 1) throw new RangeError('one party imports');
}

function assertOwnPart({ group, parties, me, constant, base, dealSecrets }: RedealParameters): void {
  const own = parties[me];
  const isConstant =
    own?.constant === undefined || own.constant.length === 0
      ? constant === undefined
      : constant !== undefined && isSecretOf(group, constant, own.constant);
  if (!isConstant) throw new RangeError('the constant is not the one that this party deals');
  if (own?.index === undefined) return;
  const isShare = base === undefined || isSecretOf(group, base.scalar, base.publicShares[own.index]);
  if (!isShare) throw new RangeError("the old share isn't this party's");
  const areKeys = own.dealKeys.every((key, place) => {
    const secret = dealSecrets[place];
    return secret?.length === KEY_BYTES && Buffer.compare(x25519PublicBytes(x25519PrivateKey(secret)), key) === 0;
  });
  if (!areKeys || dealSecrets.length !== own.dealKeys.length)
    throw new RangeError("the deal secrets aren't those of this party's keys");
}

function isSecretOf(group: PrimeOrderGroup, secret: Uint8Array, encoded: Uint8Array | undefined): boolean {
  const point = encoded && group.decode(encoded);
  return point !== undefined && group.isScalar(secret) && group.equals(group.multiplyBase(secret), point);
}

/** Whether any `threshold` of these public shares, by index, give the key. */
function isSharing(
  group: PrimeOrderGroup,
  publicShares: readonly (Point | undefined)[],
  threshold: number,
  key: Point,
): boolean {
  const points = publicShares.filter((point) => point !== undefined);
  if (points.length < publicShares.length) return false;
  // The key and t - 1 shares determine the polynomial; every other share is on it if it gives the key with those.
  const first = points.slice(0, threshold - 1).map((_, index) => index + 1);
  return points.slice(threshold - 1).every((_, place) => {
    const identifiers = [...first, threshold + place];
    const weighted = identifiers.map((identifier) =>
      group.multiplyPublic(
        points[identifier - 1] ?? group.identity,
        lagrangeCoefficient(group, identifiers, identifier),
      ),
    );
    return group.equals(group.add(weighted), key);
  });
}
