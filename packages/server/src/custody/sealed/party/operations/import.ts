/** Shares of a key that was whole: one party deals it to all. The key carries the mark for ever. */
import { createHash } from 'node:crypto';
import { allocateSecret, copySecret, freeSecret } from '@countersign/algorithms/secret-memory';
import type { SealSlot } from '../../../messages/party-message.ts';
import { type OpenOperation, OperationRefused } from '../party-context.ts';
import type { PartyScheme } from '../party-scheme.ts';
import type { Opened } from '../sealed-secrets.ts';
import { type Offer, openRedeal } from './redeal.ts';
import { membersFrom, ownMember, schemeFor } from './redeal-parts.ts';

const NO_CHAIN_CODE = new Uint8Array(32);
const KEY_BYTES = 32;

export const openImportDeal: OpenOperation<'import-deal'> = (context, operation) => {
  const { algorithm, privateKey, keygenIds, threshold, into } = operation;
  const scheme = schemeFor(context, algorithm);
  const secret = scalarOf(scheme, privateKey);
  try {
    const own =
      into === undefined
        ? { identity: context.identity.public, perKeyPublic: new Uint8Array(0), receives: false }
        : ownMember(context, scheme, into);
    return openRedeal({
      kind: 'import',
      context,
      scheme,
      into,
      members: membersFrom(keygenIds, algorithm, own),
      threshold,
      offer: offerOf(scheme, secret.value),
      secret,
    });
  } catch (error) {
    secret.free();
    throw error;
  }
};

export const openImportReceive: OpenOperation<'import-receive'> = (context, { share, othersKeygenIds, threshold }) => {
  const scheme = schemeFor(context, share.slot.algorithm);
  return openRedeal({
    kind: 'import',
    context,
    scheme,
    into: share,
    members: membersFrom(othersKeygenIds, scheme.algorithm, ownMember(context, scheme, share)),
    threshold,
    offer: undefined,
    secret: undefined,
  });
};

function offerOf(scheme: PartyScheme, scalar: Uint8Array): Offer {
  return {
    groupKey: scheme.group.encode(scheme.group.multiplyBase(scalar)),
    chainCode: NO_CHAIN_CODE,
    epoch: 0,
    origin: 'imported',
    oldThreshold: 0,
    oldShares: [],
  };
}

/** The key's scalar, in locked memory. The request's own copy is wiped. @throws OperationRefused */
function scalarOf(scheme: PartyScheme, privateKey: Uint8Array): Opened<Uint8Array> {
  if (privateKey.length !== KEY_BYTES) throw new OperationRefused('invalid_request', 'a private key has 32 bytes');
  const scalar = READERS[scheme.algorithm](scheme, privateKey);
  privateKey.fill(0);
  if (scheme.group.isScalar(scalar) && !scheme.group.isZero(scalar))
    return { value: scalar, free: () => freeSecret(scalar) };
  freeSecret(scalar);
  throw new OperationRefused('invalid_request', 'the private key is zero or not below the order of the curve');
}

const READERS: Readonly<Record<SealSlot['algorithm'], (scheme: PartyScheme, privateKey: Uint8Array) => Buffer>> = {
  bip340: (_scheme, privateKey) => copySecret(privateKey),
  /** RFC 8032, section 5.1.5: what the seed is for. The prefix isn't needed, since nonces come from FROST. */
  ed25519: (scheme, seed) => {
    const digest = createHash('sha512').update(seed).digest();
    const scalar = allocateSecret(KEY_BYTES);
    const half = digest.subarray(0, KEY_BYTES);
    half.writeUInt8(half.readUInt8(0) & 0xf8, 0);
    half.writeUInt8((half.readUInt8(31) & 0x7f) | 0x40, 31);
    scheme.group.reduce(scalar, half);
    digest.fill(0);
    return scalar;
  },
};
