/** Key generation, or the rest of one that broke off. */
import { createHash } from 'node:crypto';
import type { ThresholdFacts } from '@countersign/core/ports/threshold-store';
import { bytes, encode, struct } from '@countersign/threshold/codec';
import { Exchange } from '@countersign/threshold/exchange/exchange';
import { InvalidKeygenId, type KeygenId, parseKeygenId } from '@countersign/threshold/exchange/keygen-id';
import { ProtocolAbort, type Step, transformed } from '@countersign/threshold/protocol';
import type { PartyOutcome } from '../../../messages/party-message.ts';
import { candidateOf, kernelRandom, readHellos } from '../exchange-parts.ts';
import {
  fromEvidence,
  isThrough,
  type NewShare,
  partOf,
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

const hello = struct({
  share: shareHello,
  /** In a cluster keygen ids are those of servers, so that the key's own public keys are told here. */
  perKeyPublic: bytes(33),
});

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
    if (isThrough(secret) ? context.size > members.length : context.size !== members.length)
      throw new OperationRefused(
        'invalid_request',
        `the room is for ${context.size} parties, and the key for ${members.length}`,
      );
    const me = members.findIndex((member) => member.identity === identity.public);
    const { threshold } = operation;
    const parametersHash = hashParameters(scheme, threshold, members);
    refuseOtherParameters(secret, parametersHash, slot);
    const sign = (tag: string, message: Uint8Array): Uint8Array => identity.sign(tag, message);
    const sealing = new ShareSealing({
      rootKey,
      slot,
      operation: OPERATION,
      perKey,
      keepsPerKey: true,
      parametersHash,
      sign,
      verify: members.map(verifierOf),
    });
    const candidates = members.map((member, index) => candidateOf(member.identity, index));
    const exchange = new Exchange<PartyOutcome>({
      roomId: context.room,
      roomSize: context.size,
      operation: `${OPERATION}/${scheme.algorithm}`,
      me: identity,
      candidates,
      hello: encode(hello, { share: { threshold, parametersHash, state: stateOf(secret) }, perKeyPublic }),
      random: kernelRandom,
      checkHellos: (meeting) => {
        const contents = readHellos(hello, meeting, candidates);
        const said = contents.map(({ share }) => share);
        const nameOf = (party: number): string => candidates[meeting.parties[party] ?? -1]?.name ?? '';
        refuseDisagreement(said, { threshold, parametersHash }, nameOf);
        if (isThrough(secret)) {
          const result = storedShare(secret, scheme.publicKeyOf(secret.facts.groupKey));
          return sealing.finish({ kind: 'finished', result }, partOf(secret), said);
        }
        const holders = withPerKeys(
          members,
          contents.map((content) => content.perKeyPublic),
          perKeyPublic.length,
        );
        const parties: KeygenParties = {
          threshold,
          parties: holders.map((holder) => ({
            identityKey: holder.identity.identityKey,
            perKeyPublic: holder.perKeyPublic,
            verify: verifierOf(holder),
          })),
          me,
          sign,
          perKeySecret: perKey,
          session: hashParameters(scheme, threshold, holders),
        };
        const describe = (made: MadeShare): NewShare => ({
          made,
          facts: factsOf(scheme, holders, parties, parametersHash, made),
          publicKey: scheme.publicKeyOf(made.groupKey),
        });
        return sealing.finish(startOf(scheme, parties, secret, said, describe), 'stores', said);
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
  secret: Extract<ShareSecret, { kind: 'created' | 'pending' }>,
  said: readonly ShareHello[],
  describe: (made: MadeShare) => NewShare,
): Step<NewShare> {
  const recovered = fromEvidence(said, (evidence) => {
    if (secret.kind === 'created')
      throw new ProtocolAbort([], 'another party shows a key that this one has never agreed to; create new keys');
    return scheme.recover(parties, secret.resume, evidence);
  });
  if (recovered === undefined) return transformed(scheme.generate(parties), describe);
  return { kind: 'finished', result: describe(recovered) };
}

interface Member {
  readonly identity: KeygenId['identity'];
  /** Empty in a cluster, before the hellos. */
  readonly perKeyPublic: Uint8Array;
}

const NOT_KNOWN_YET = new Uint8Array(0);

/**
 * All parties in an order that everybody can tell from the keygen ids alone: that of their per-key public keys, or in a
 * cluster, whose persistent ids have none, that of their identities.
 */
function orderedMembers(texts: readonly string[], scheme: PartyScheme, own: Member): readonly Member[] {
  const others = texts.map((text) => parseMember(text, scheme));
  const isCluster = others.some(({ perKeyPublic }) => perKeyPublic.length === 0);
  if (isCluster && others.some(({ perKeyPublic }) => perKeyPublic.length > 0))
    throw new OperationRefused('invalid_request', 'the keygen ids are all of servers, or all of keys; these are mixed');
  const members = [isCluster ? { ...own, perKeyPublic: NOT_KNOWN_YET } : own, ...others];
  const isTwice =
    hasDuplicates(members.map(({ identity }) => identity.identityKey)) ||
    (!isCluster && hasDuplicates(members.map(({ perKeyPublic }) => perKeyPublic)));
  if (isTwice)
    throw new OperationRefused(
      'invalid_request',
      'two of the keygen ids are the same, or of one server: every party needs a server of its own',
    );
  const place = (member: Member): Uint8Array => (isCluster ? member.identity.identityKey : member.perKeyPublic);
  return members.sort((a, b) => Buffer.compare(place(a), place(b)));
}

/** The members with the per-key public keys of their hellos, which their identities signed. */
function withPerKeys(members: readonly Member[], told: readonly Uint8Array[], length: number): readonly Member[] {
  const holders = members.map(({ identity, perKeyPublic }, party): Member => {
    const key = told[party];
    const isExpected = perKeyPublic.length === 0 || (key !== undefined && Buffer.compare(key, perKeyPublic) === 0);
    if (key?.length !== length || !isExpected)
      throw new ProtocolAbort([party], 'its public key for this key is none, or not that of its keygen id');
    return { identity, perKeyPublic: key };
  });
  // Either of the two may have copied the other's.
  if (hasDuplicates(told)) throw new ProtocolAbort([], 'two parties have one public key for this key');
  return holders;
}

function hasDuplicates(keys: readonly Uint8Array[]): boolean {
  return new Set(keys.map((key) => Buffer.from(key).toString('hex'))).size !== keys.length;
}

function verifierOf({ identity }: Member) {
  return (signature: Uint8Array, tag: string, message: Uint8Array): boolean =>
    identity.verifies(signature, tag, message);
}

function parseMember(text: string, scheme: PartyScheme): Member {
  let parsed: KeygenId;
  try {
    parsed = parseKeygenId(text);
  } catch (error) {
    if (!(error instanceof InvalidKeygenId)) throw error;
    throw new OperationRefused('invalid_request', `a keygen id is not valid: ${error.message}`);
  }
  if (parsed.scheme !== scheme.algorithm && parsed.scheme !== 'persistent')
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
