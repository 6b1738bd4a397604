/** What the operations that make new shares start from. */
import type { ThresholdFacts } from '@countersign/core/ports/threshold-store';
import { parsePublicIdentity } from '@countersign/threshold/exchange/identity';
import { InvalidKeygenId, type KeygenId, parseKeygenId } from '@countersign/threshold/exchange/keygen-id';
import type { SealSlot, StoredSecret } from '../../../messages/party-message.ts';
import { OperationRefused, type PartyContext } from '../party-context.ts';
import type { PartyScheme } from '../party-scheme.ts';
import { type Opened, openShare } from '../sealed-secrets.ts';
import type { Offer, RedealMember } from './redeal.ts';

/** A key that this party deals from, or, where it is through already, the one that came of it. */
export interface DealtShare {
  readonly facts: ThresholdFacts;
  readonly secret: Opened<Uint8Array> | undefined;
  readonly offer: Offer;
}

/**
 * @param into the row of the new share, empty before the first attempt
 * @throws OperationRefused
 */
export function openDealtShare({ rootKey }: PartyContext, share: StoredSecret, into: StoredSecret): DealtShare {
  const made = into.sealed.length === 0 ? undefined : openShare(rootKey, into);
  try {
    if (made?.value.kind === 'certified' || made?.value.kind === 'share') {
      // Copied: the secret itself is opened again by the operation.
      const { facts } = made.value;
      return {
        facts,
        secret: undefined,
        offer: { ...keyOf(facts), epoch: facts.epoch, oldThreshold: 0, oldShares: [] },
      };
    }
  } finally {
    made?.free();
  }
  const opened = openShare(rootKey, share);
  if (opened?.value.kind !== 'share') {
    opened?.free();
    throw new OperationRefused('conflict', 'the share was replaced by a newer one, or is not one of this server');
  }
  const { facts, scalar } = opened.value;
  return {
    facts,
    secret: { value: scalar, free: opened.free },
    offer: {
      ...keyOf(facts),
      epoch: facts.epoch + 1,
      oldThreshold: facts.threshold,
      oldShares: facts.parties.map(({ identity, index, publicShare }) => ({ identity, index, publicShare })),
    },
  };
}

function keyOf({ groupKey, chainCode, origin }: ThresholdFacts): Pick<Offer, 'groupKey' | 'chainCode' | 'origin'> {
  return { groupKey, chainCode, origin };
}

/** The holders of a share, all of whom receive again. */
export function membersOf(facts: ThresholdFacts): readonly RedealMember[] {
  return facts.parties.map(({ identity, channelKey, perKeyPublic }) => {
    const parsed = parsePublicIdentity(identity, channelKey);
    if (parsed === undefined) throw new Error('a sealed identity that is none');
    return { identity: parsed, perKeyPublic, receives: true };
  });
}

/** Members by their keygen ids, in the order of their identities; a persistent id is of a party that only deals. */
export function membersFrom(
  keygenIds: readonly string[],
  algorithm: SealSlot['algorithm'],
  own: RedealMember | undefined,
): readonly RedealMember[] {
  const members = [...keygenIds.map((text) => parseMember(text, algorithm)), ...(own === undefined ? [] : [own])];
  const identities = new Set(members.map(({ identity }) => Buffer.from(identity.identityKey).toString('hex')));
  if (identities.size !== members.length)
    throw new OperationRefused(
      'invalid_request',
      'two of the keygen ids are of one server: every party needs a server of its own',
    );
  return members.sort((a, b) => Buffer.compare(a.identity.identityKey, b.identity.identityKey));
}

function parseMember(text: string, algorithm: SealSlot['algorithm']): RedealMember {
  const { scheme, identity, perKeyPublic } = parseKeygenIdOrRefuse(text);
  if (scheme !== algorithm && scheme !== 'persistent')
    throw new OperationRefused('invalid_request', `a keygen id is for ${scheme}, not for ${algorithm}`);
  return { identity, perKeyPublic, receives: scheme === algorithm };
}

/** @throws OperationRefused */
export function parseKeygenIdOrRefuse(text: string): KeygenId {
  try {
    return parseKeygenId(text);
  } catch (error) {
    if (!(error instanceof InvalidKeygenId)) throw error;
    throw new OperationRefused('invalid_request', `a keygen id is not valid: ${error.message}`);
  }
}

/** This party's per-key public key, of a row made by `create`. @throws OperationRefused */
export function ownMember(context: PartyContext, scheme: PartyScheme, row: StoredSecret): RedealMember {
  const opened = openShare(context.rootKey, row);
  if (opened === undefined) throw new OperationRefused('invalid_request', 'the key is not one of this server');
  try {
    const secret = opened.value;
    const identity = context.identity.public;
    if (secret.kind === 'certified' || secret.kind === 'share') {
      const own = secret.facts.parties.find(({ index }) => index === secret.facts.index);
      if (own !== undefined) return { identity, perKeyPublic: own.perKeyPublic, receives: true };
    }
    const perKeyPublic = secret.perKey === undefined ? undefined : scheme.perKeyPublic(secret.perKey);
    if (perKeyPublic === undefined) throw new OperationRefused('conflict', 'the key has nothing to receive with');
    return { identity, perKeyPublic, receives: true };
  } finally {
    opened.free();
  }
}

export function schemeFor({ schemes }: PartyContext, algorithm: SealSlot['algorithm']): PartyScheme {
  const scheme = schemes.get(algorithm);
  if (scheme === undefined)
    throw new OperationRefused('not_supported', `no library for threshold ${algorithm} is present on this server`);
  return scheme;
}
