/** The whole key to one party: the end of threshold signing with it. */
import { createHash } from 'node:crypto';
import { allocateSecret, freeSecret } from '@countersign/algorithms/secret-memory';
import { bytes, encode, fixed, optional, struct, u32 } from '@countersign/threshold/codec';
import { Exchange } from '@countersign/threshold/exchange/exchange';
import { x25519PrivateKey, x25519PublicBytes } from '@countersign/threshold/exchange/x25519';
import { ProtocolAbort, transformed } from '@countersign/threshold/protocol';
import { exportToOne } from '@countersign/threshold/redeal/export-to-one';
import type { PartyOutcome } from '../../../messages/party-message.ts';
import { candidateOf, kernelRandom, readHellos, withRandomSecret } from '../exchange-parts.ts';
import { type OpenOperation, OperationRefused } from '../party-context.ts';
import { openShare } from '../sealed-secrets.ts';
import { membersOf, parseKeygenIdOrRefuse, schemeFor } from './redeal-parts.ts';

const hello = struct({
  groupKey: bytes(33),
  epoch: u32,
  sharesHash: fixed(32),
  /** Identity of who is to learn the key. */
  recipient: fixed(32),
  /** The recipient's, for this operation. */
  recipientKey: optional(fixed(32)),
});

export const openExport: OpenOperation<'export'> = (context, { share, exportTo }) => {
  const scheme = schemeFor(context, share.slot.algorithm);
  const opened = openShare(context.rootKey, share);
  if (opened?.value.kind !== 'share') {
    opened?.free();
    throw new OperationRefused('conflict', 'the key has no finished share');
  }
  const { facts, scalar } = opened.value;
  const dealSecret = allocateSecret(32);
  dealSecret.set(kernelRandom(32));
  const free = (): void => {
    opened.free();
    freeSecret(dealSecret);
  };
  try {
    const recipient = parseKeygenIdOrRefuse(exportTo).identity.identityKey;
    const members = membersOf(facts);
    if (!members.some(({ identity }) => same(identity.identityKey, recipient)))
      throw new OperationRefused('invalid_request', 'export_to names no party of the key');
    if (context.size > members.length)
      throw new OperationRefused(
        'invalid_request',
        `the room is for ${context.size} parties, and the key has ${members.length}`,
      );
    const isRecipient = same(recipient, context.identity.public.identityKey);
    const sharesHash = createHash('sha256');
    for (const { publicShare } of facts.parties) sharesHash.update(publicShare);
    const own = {
      groupKey: facts.groupKey,
      epoch: facts.epoch,
      sharesHash: sharesHash.digest(),
      recipient,
      recipientKey: isRecipient ? x25519PublicBytes(x25519PrivateKey(dealSecret)) : undefined,
    };
    const candidates = members.map(({ identity }, index) => candidateOf(identity, index));
    const exchange = new Exchange<PartyOutcome>({
      roomId: context.room,
      roomSize: context.size,
      operation: `export/${scheme.algorithm}`,
      me: context.identity,
      candidates,
      hello: encode(hello, own),
      random: kernelRandom,
      checkHellos: (meeting) => {
        const { parties, me, session } = meeting;
        const said = readHellos(hello, meeting, candidates);
        if (parties.length < facts.threshold)
          throw new ProtocolAbort([], `${facts.threshold} parties have to take part, and ${parties.length} do`);
        said.forEach((each, party) => {
          const name = candidates[parties[party] ?? 0]?.name ?? '';
          if (!same(each.groupKey, own.groupKey) || each.epoch !== own.epoch || !same(each.sharesHash, own.sharesHash))
            throw new ProtocolAbort([], `${name} was asked for another key, or has another epoch of it`);
          if (!same(each.recipient, recipient)) throw new ProtocolAbort([], `${name} was told of another recipient`);
        });
        const place = parties.findIndex((candidate) => same(members[candidate]?.identity.identityKey, recipient));
        const recipientKey = said[place]?.recipientKey;
        if (recipientKey === undefined) throw new ProtocolAbort([], 'the recipient is not in the room');
        const protocol = withRandomSecret(32, (seed) =>
          exportToOne({
            group: scheme.group,
            memory: { allocate: allocateSecret, free: freeSecret },
            session,
            groupKey: facts.groupKey,
            parties: parties.map((candidate) => {
              const party = facts.parties[candidate];
              if (party === undefined) throw new Error('parties out of step');
              return { index: party.index, publicShare: party.publicShare };
            }),
            me,
            recipient: place,
            recipientKey,
            recipientSecret: isRecipient ? dealSecret : undefined,
            scalar,
            seed,
          }),
        );
        return transformed(protocol, ({ secret }): PartyOutcome => {
          if (secret === undefined) return { kind: 'nothing' };
          const privateKey = Uint8Array.from(secret);
          freeSecret(secret);
          return { kind: 'private-key', privateKey };
        });
      },
    });
    return {
      exchange,
      seal: () => {
        throw new Error('an export keeps nothing');
      },
      free,
    };
  } catch (error) {
    free();
    throw error;
  }
};

function same(a: Uint8Array | undefined, b: Uint8Array): boolean {
  return a !== undefined && Buffer.compare(a, b) === 0;
}
