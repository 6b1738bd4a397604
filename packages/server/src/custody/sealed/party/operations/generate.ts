/** Key generation, or the rest of one that broke off. */
import { createHash } from 'node:crypto';
import type { ThresholdFacts } from '@countersign/core/ports/threshold-store';
import { decode, encode } from '@countersign/threshold/codec';
import { Exchange } from '@countersign/threshold/exchange/exchange';
import { InvalidKeygenId, type KeygenId, parseKeygenId } from '@countersign/threshold/exchange/keygen-id';
import { ProtocolAbort, type Step, transformed } from '@countersign/threshold/protocol';
import type { PartyOutcome } from '../../../messages/party-message.ts';
import { candidateOf, kernelRandom } from '../exchange-parts.ts';
import {
  type NewShare,
  refuseDisagreement,
  refuseOtherParameters,
  type ShareHello,
  ShareSealing,
  shareHello,
  stateOf,
  storedShare,
} from '../new-share.ts';
import { type OpenOperation, OperationRefused } from '../party-context.ts';
import type { KeygenParties, MadeShare, PartyScheme } from '../party-scheme.ts';
import { openShare, type ShareSecret } from '../sealed-secrets.ts';

const OPERATION = 'generate';

export const openGenerate: OpenOperation<'generate'> = (context, operation) => {
  const { rootKey, identity } = context;
  const { slot } = operation.share;
  const scheme = context.schemes.get(slot.algorithm);
  if (scheme === undefined) throw new OperationRefused('not_supported', `no library for ${slot.algorithm} is present`);
  const opened = openShare(rootKey, operation.share);
  if (opened === undefined) throw new OperationRefused('invalid_request', 'the key is not one of this server');
  try {
    const secret = opened.value;
    const { perKey } = secret;
    const perKeyPublic = perKey === undefined ? undefined : scheme.perKeyPublic(perKey);
    if (perKey === undefined || perKeyPublic === undefined)
      throw new OperationRefused('conflict', 'the key has been refreshed since; its generation is long over');
    const members = orderedMembers(operation.othersKeygenIds, scheme, {
      identity: identity.public,
      perKeyPublic,
    });
    if (members.length !== context.size)
      throw new OperationRefused(
        'invalid_request',
        `the room is for ${context.size} parties, and the key for ${members.length}`,
      );
    const me = members.findIndex((member) => member.identity === identity.public);
    const parametersHash = hashParameters(scheme, operation.threshold, members);
    refuseOtherParameters(secret, parametersHash);
    const parties: KeygenParties = {
      threshold: operation.threshold,
      parties: members.map((member) => ({
        identityKey: member.identity.identityKey,
        perKeyPublic: member.perKeyPublic,
        verify: (signature, tag, message) => member.identity.verifies(signature, tag, message),
      })),
      me,
      sign: (tag, message) => identity.sign(tag, message),
      perKeySecret: perKey,
      session: parametersHash,
    };
    const sealing = new ShareSealing({
      rootKey,
      slot,
      operation: OPERATION,
      perKey,
      parametersHash,
      sign: parties.sign,
      verify: parties.parties.map(({ verify }) => verify),
    });
    const describe = (made: MadeShare): NewShare => ({
      made,
      facts: factsOf(scheme, members, parties, parametersHash, made),
      publicKey: scheme.publicKeyOf(made.groupKey),
    });
    const candidates = members.map((member, index) => candidateOf(member.identity, index));
    const exchange = new Exchange<PartyOutcome>({
      roomId: context.room,
      roomSize: context.size,
      operation: `${OPERATION}/${scheme.algorithm}`,
      me: identity,
      candidates,
      hello: encode(shareHello, { threshold: operation.threshold, parametersHash, state: stateOf(secret) }),
      random: kernelRandom,
      checkHellos: ({ hellos }) => {
        const said = hellos.map((content) => decode(shareHello, content));
        refuseDisagreement(
          said,
          { threshold: operation.threshold, parametersHash },
          (party) => candidates[party]?.name ?? '',
        );
        return sealing.finish(startOf(scheme, parties, secret, said, describe));
      },
    });
    return { exchange, seal: sealing.seal, free: () => opened.free() };
  } catch (error) {
    opened.free();
    throw error;
  }
};

/** From the beginning, unless somebody has the end. All parties are here, so that nobody else can have it. */
function startOf(
  scheme: PartyScheme,
  parties: KeygenParties,
  secret: ShareSecret,
  said: readonly ShareHello[],
  describe: (made: MadeShare) => NewShare,
): Step<NewShare> {
  if (secret.kind === 'certified' || secret.kind === 'share') {
    return { kind: 'finished', result: storedShare(secret, scheme.publicKeyOf(secret.facts.groupKey)) };
  }
  const certified = said.find(({ state }) => state.kind === 'certified');
  if (certified?.state.kind !== 'certified') return transformed(scheme.generate(parties), describe);
  if (secret.kind === 'created')
    throw new ProtocolAbort([], 'another party shows a key that this one has never agreed to; create new keys');
  return { kind: 'finished', result: describe(scheme.recover(parties, secret.resume, certified.state.evidence)) };
}

interface Member {
  readonly identity: KeygenId['identity'];
  readonly perKeyPublic: Uint8Array;
}

/** All parties in the order of their per-key public keys, which everybody can tell from the keygen ids alone. */
function orderedMembers(others: readonly string[], scheme: PartyScheme, own: Member): readonly Member[] {
  const members = [own, ...others.map((text) => parseMember(text, scheme))];
  for (const field of ['perKeyPublic', 'identity'] as const) {
    const seen = new Set(
      members.map((member) =>
        Buffer.from(field === 'identity' ? member.identity.identityKey : member.perKeyPublic).toString('hex'),
      ),
    );
    if (seen.size !== members.length)
      throw new OperationRefused(
        'invalid_request',
        'two of the keygen ids are the same, or of one server: every party needs a server of its own',
      );
  }
  return members.sort((a, b) => Buffer.compare(a.perKeyPublic, b.perKeyPublic));
}

function parseMember(text: string, scheme: PartyScheme): Member {
  let parsed: KeygenId;
  try {
    parsed = parseKeygenId(text);
  } catch (error) {
    if (!(error instanceof InvalidKeygenId)) throw error;
    throw new OperationRefused('invalid_request', `a keygen id is not valid: ${error.message}`);
  }
  if (parsed.scheme !== scheme.algorithm)
    throw new OperationRefused('invalid_request', `a keygen id is for ${parsed.scheme}, not for ${scheme.algorithm}`);
  return parsed;
}

function hashParameters(scheme: PartyScheme, threshold: number, members: readonly Member[]): Uint8Array {
  const hash = createHash('sha256').update(`countersign/keygen-parameters/v1\0${scheme.specification}\0${threshold}\0`);
  for (const { identity, perKeyPublic } of members)
    hash.update(identity.identityKey).update(identity.channelKey).update(perKeyPublic);
  return hash.digest();
}

function factsOf(
  scheme: PartyScheme,
  members: readonly Member[],
  { threshold, me }: KeygenParties,
  parametersHash: Uint8Array,
  made: MadeShare,
): ThresholdFacts {
  return {
    threshold,
    parties: members.map(({ identity, perKeyPublic }, index) => {
      const publicShare = made.publicShares[index];
      if (publicShare === undefined) throw new Error('a party without a public share');
      return { identity: identity.identityKey, channelKey: identity.channelKey, perKeyPublic, index, publicShare };
    }),
    index: me,
    groupKey: made.groupKey,
    chainCode: made.chainCode,
    epoch: 0,
    origin: 'generated',
    specification: scheme.specification,
    parametersHash,
    publicEvidence: made.evidence,
  };
}
