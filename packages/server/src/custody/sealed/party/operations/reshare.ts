/** The same key for another quorum: parties may join, and those that take no part have nothing of use any more. */
import type { PublicIdentity } from '@countersign/threshold/exchange/identity';
import { ProtocolAbort } from '@countersign/threshold/protocol';
import { type OpenOperation, OperationRefused } from '../party-context.ts';
import { openRedeal, type RedealMember } from './redeal.ts';
import { type DealtShare, membersFrom, openDealtShare, ownMember, schemeFor } from './redeal-parts.ts';

export const openReshare: OpenOperation<'reshare'> = (context, operation) => {
  const { share, into, keygenIds, oldThreshold, newThreshold } = operation;
  const scheme = schemeFor(context, into.slot.algorithm);
  const dealt = share === undefined ? undefined : openDealtShare(context, share, into);
  try {
    const own = dealt === undefined ? ownMember(context, scheme, into) : holderOf(context.identity.public, dealt);
    const members = membersFrom(keygenIds, scheme.algorithm, own);
    if (members.some(({ receives }) => !receives))
      throw new OperationRefused(
        'invalid_request',
        'a party is named by its export id or by the keygen id of a new key',
      );
    return openRedeal({
      kind: 'reshare',
      context,
      scheme,
      into,
      members,
      threshold: newThreshold,
      offer: dealt?.offer,
      secret: dealt?.secret,
      checkOffer: (offer, dealers) => {
        if (oldThreshold !== 0 && offer.oldThreshold !== oldThreshold)
          throw new ProtocolAbort(
            [],
            `the old threshold is ${offer.oldThreshold}, this party was told ${oldThreshold}`,
          );
        if (dealers < offer.oldThreshold)
          throw new ProtocolAbort(
            [],
            `${offer.oldThreshold} holders of the old shares have to take part, and ${dealers} do`,
          );
      },
    });
  } catch (error) {
    dealt?.secret?.free();
    throw error;
  }
};

function holderOf(identity: PublicIdentity, { facts }: DealtShare): RedealMember {
  const own = facts.parties.find((party) => Buffer.compare(party.identity, identity.identityKey) === 0);
  if (own === undefined)
    throw new OperationRefused('conflict', "the key belongs to another identity than this server's");
  return { identity, perKeyPublic: own.perKeyPublic, receives: true };
}
