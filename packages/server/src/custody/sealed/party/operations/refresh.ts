/** New shares for the same parties: what was stolen of the old ones, up to t - 1, is worth nothing any more. */
import { ProtocolAbort } from '@countersign/threshold/protocol';
import type { OpenOperation } from '../party-context.ts';
import { openRedeal } from './redeal.ts';
import { membersOf, openDealtShare, schemeFor } from './redeal-parts.ts';

export const openRefresh: OpenOperation<'refresh'> = (context, { share, into }) => {
  const scheme = schemeFor(context, share.slot.algorithm);
  const { facts, secret, offer } = openDealtShare(context, share, into);
  return openRedeal({
    kind: 'refresh',
    context,
    scheme,
    into,
    members: membersOf(facts),
    threshold: facts.threshold,
    offer,
    secret,
    checkOffer: (_offer, dealers) => {
      if (dealers !== facts.parties.length)
        throw new ProtocolAbort([], 'not every party deals, and a refresh needs all of them');
    },
  });
};
