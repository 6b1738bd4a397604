/**
 * What refresh, reshare and import have in common: hellos with fresh keys to deal to, offers of what is dealt, the
 * protocol, and the end that all new shares have.
 */
import { createHash } from 'node:crypto';
import { allocateSecret, copySecret, freeSecret } from '@countersign/algorithms/secret-memory';
import type { ThresholdFacts } from '@countersign/core/ports/threshold-store';
import {
  bytes,
  type Decoded,
  encode,
  fixed,
  list,
  MalformedBytes,
  optional,
  struct,
  u16,
  u32,
  word,
} from '@countersign/threshold/codec';
import { Exchange, type Meeting } from '@countersign/threshold/exchange/exchange';
import type { PublicIdentity } from '@countersign/threshold/exchange/identity';
import { x25519PrivateKey, x25519PublicBytes } from '@countersign/threshold/exchange/x25519';
import { lagrangeCoefficient } from '@countersign/threshold/lagrange-coefficient';
import { ProtocolAbort, type Step, transformed } from '@countersign/threshold/protocol';
import { type Redealt, recoverRedealt, redeal } from '@countersign/threshold/redeal/redeal';
import {
  type RedealKind,
  type RedealParty,
  type RedealTranscript,
  readEvidence,
} from '@countersign/threshold/redeal/redeal-transcript';
import { MAX_PARTIES, type PartyOutcome, type SealSlot } from '../../../messages/party-message.ts';
import { candidateOf, kernelRandom, readHellos, withRandomSecret } from '../exchange-parts.ts';
import {
  fromEvidence,
  isThrough,
  type NewShare,
  partOf,
  refuseDisagreement,
  refuseOtherParameters,
  ShareSealing,
  shareHello,
  stateOf,
  storedShare,
} from '../new-share.ts';
import { OperationRefused, type PartyContext, type PartySession } from '../party-context.ts';
import type { PartyScheme } from '../party-scheme.ts';
import { type Opened, openShare, type ShareSecret } from '../sealed-secrets.ts';

/** What a dealer says of the key that it deals. All dealers of a key say the same. */
const offer = struct({
  groupKey: bytes(33),
  chainCode: fixed(32),
  /** Of the new shares. */
  epoch: u32,
  origin: word(['generated', 'imported']),
  oldThreshold: u16,
  /** Empty for an import. */
  oldShares: list(struct({ identity: fixed(32), index: u16, publicShare: bytes(33) }), MAX_PARTIES),
});
export type Offer = Decoded<typeof offer>;

const hello = struct({
  share: shareHello,
  /** X25519, one for each party of the room, used for those that deal. */
  dealKeys: list(fixed(32), MAX_PARTIES + 1),
  offer: optional(offer),
});

export interface RedealMember {
  readonly identity: PublicIdentity;
  /** Empty for a party that only deals. */
  readonly perKeyPublic: Uint8Array;
  readonly receives: boolean;
}

export interface RedealPlan {
  readonly kind: RedealKind;
  readonly context: PartyContext;
  readonly scheme: PartyScheme;
  /** The row of the new share; undefined for a party that only deals. */
  readonly into: { readonly slot: SealSlot; readonly sealed: Uint8Array } | undefined;
  /** In an order that everybody can tell. */
  readonly members: readonly RedealMember[];
  readonly threshold: number;
  readonly offer: Offer | undefined;
  /** What this party deals from: its share, or the whole key. Locked; owned by the plan. */
  readonly secret: Opened<Uint8Array> | undefined;
  /** @throws ProtocolAbort where the offer isn't what this party expects */
  readonly checkOffer?: (offer: Offer, dealers: number) => void;
}

const KEY_BYTES = 32;
const NOTHING = new Uint8Array(0);
const MEMORY = { allocate: allocateSecret, free: freeSecret };

export function openRedeal(plan: RedealPlan): PartySession {
  const { kind, context, scheme, members, threshold } = plan;
  const { identity } = context;
  const me = members.findIndex(({ identity: member }) => same(member.identityKey, identity.public.identityKey));
  const into = openInto(plan);
  const dealSecrets = allocateSecret(KEY_BYTES * members.length);
  const free = (): void => {
    into?.free();
    plan.secret?.free();
    freeSecret(dealSecrets);
  };
  try {
    if (isThrough(into?.value) ? context.size > members.length : context.size !== members.length)
      throw new OperationRefused(
        'invalid_request',
        `the room is for ${context.size} parties, and ${members.length} take part`,
      );
    if (me === -1) throw new OperationRefused('invalid_request', 'this server is not among the parties');
    const receives = members[me]?.receives === true;
    const parametersHash = hashParameters(plan);
    refuseOtherParameters(into?.value, parametersHash, plan.into?.slot);
    dealSecrets.set(kernelRandom(dealSecrets.length));
    const secrets = members.map((_, place) => dealSecrets.subarray(KEY_BYTES * place, KEY_BYTES * (place + 1)));
    const sealing = new ShareSealing({
      rootKey: context.rootKey,
      slot: plan.into?.slot ?? NO_SLOT,
      operation: kind,
      perKey: into?.value.perKey,
      keepsPerKey: false,
      parametersHash,
      sign: (tag, message) => identity.sign(tag, message),
      verify: members.map(
        ({ identity: member }) =>
          (signature, tag, message) =>
            member.verifies(signature, tag, message),
      ),
    });
    const candidates = members.map((member, index) => candidateOf(member.identity, index));
    const exchange = new Exchange<PartyOutcome>({
      roomId: context.room,
      roomSize: context.size,
      operation: `${kind}/${scheme.algorithm}`,
      me: identity,
      candidates,
      hello: encode(hello, {
        share: { threshold, parametersHash, state: stateOf(into?.value) },
        dealKeys: secrets.map((secret) => x25519PublicBytes(x25519PrivateKey(secret))),
        offer: plan.offer,
      }),
      random: kernelRandom,
      checkHellos: (meeting) => {
        const said = readHellos(hello, meeting, candidates);
        const states = said.map(({ share }) => share);
        const nameOf = (party: number): string => candidates[meeting.parties[party] ?? -1]?.name ?? '';
        refuseDisagreement(states, { threshold, parametersHash }, nameOf);
        const stored = into?.value;
        if (isThrough(stored)) {
          const result = storedShare(stored, scheme.publicKeyOf(stored.facts.groupKey));
          return sealing.finish({ kind: 'finished', result }, partOf(stored), states);
        }
        const agreed = agreedOffer(said, nameOf);
        const describe = (redealt: Redealt): NewShare => newShareOf(plan, agreed, parametersHash, me, redealt);
        const part = receives ? 'stores' : 'dealt';
        const recovered = fromEvidence(states, (evidence) => recover(plan, agreed, stored, evidence));
        if (recovered !== undefined)
          return sealing.finish({ kind: 'finished', result: describe(recovered) }, part, states);
        const dealers = said.flatMap((each, party) => (each.offer === undefined ? [] : [party]));
        plan.checkOffer?.(agreed, dealers.length);
        const protocol = start(
          plan,
          agreed,
          said.map((each) => each.dealKeys),
          dealers,
          meeting,
          me,
          secrets,
        );
        return sealing.finish(transformed(protocol, describe), part, states);
      },
    });
    return { exchange, seal: sealing.seal, free };
  } catch (error) {
    free();
    throw error;
  }
}

/** What another party shows the end of. Who only dealt has kept nothing, and needs only to see that it is its own. */
function recover(
  { scheme, members, kind, threshold, into }: RedealPlan,
  agreed: Offer,
  secret: ShareSecret | undefined,
  evidence: Uint8Array,
): Redealt {
  const isOurs = (transcript: RedealTranscript): boolean =>
    transcript.kind === kind &&
    transcript.threshold === threshold &&
    transcript.epoch === agreed.epoch &&
    same(transcript.groupKey, agreed.groupKey) &&
    transcript.parties.length === members.length &&
    transcript.parties.every(({ identity }, place) => same(identity, members[place]?.identity.identityKey ?? NOTHING));
  if (into === undefined) {
    const { transcript, hash, publicShares } = readEvidence(scheme.group, evidence);
    if (!isOurs(transcript)) throw new MalformedBytes('the evidence of another operation');
    return { scalar: undefined, publicShares, transcriptHash: hash, evidence: Uint8Array.from(evidence) };
  }
  if (secret?.kind !== 'pending')
    throw new ProtocolAbort([], 'another party shows new shares that this one has never agreed to');
  const recovered = recoverRedealt(scheme.group, MEMORY, secret.resume, evidence);
  if (isOurs(recovered.transcript)) return recovered;
  freeSecret(recovered.scalar);
  throw new MalformedBytes('the evidence of another operation');
}

function start(
  plan: RedealPlan,
  agreed: Offer,
  dealKeys: readonly (readonly Uint8Array[])[],
  dealers: readonly number[],
  meeting: Meeting,
  me: number,
  secrets: readonly Uint8Array[],
): Step<Redealt> {
  const { kind, scheme, members, threshold } = plan;
  const { group } = scheme;
  const indexes = dealers.map((dealer) => oldIndexOf(plan, agreed, dealer));
  let receiving = 0;
  const parties = members.map((member, position): RedealParty => {
    const place = dealers.indexOf(position);
    return {
      identity: member.identity.identityKey,
      dealKeys: member.receives ? dealers.map((dealer) => keyAt(dealKeys, position, dealer)) : [],
      index: member.receives ? receiving++ : undefined,
      constant: place === -1 ? undefined : constantOf(kind, scheme, agreed, indexes, place),
    };
  });
  const dealing = dealers.includes(me) && kind !== 'refresh' ? weighted(plan, indexes, dealers.indexOf(me)) : undefined;
  try {
    // Round 1 is made at once: nothing of the dealer's constant is needed afterwards.
    return withRandomSecret(KEY_BYTES, (seed) =>
      redeal({
        group,
        memory: MEMORY,
        kind,
        threshold,
        epoch: agreed.epoch,
        groupKey: agreed.groupKey,
        session: meeting.session,
        parties,
        me,
        dealSecrets: dealers.map((dealer) => secrets[dealer] ?? new Uint8Array(0)),
        constant: dealing,
        base:
          kind === 'refresh' && plan.secret !== undefined
            ? {
                scalar: plan.secret.value,
                publicShares: [...agreed.oldShares]
                  .sort((a, b) => a.index - b.index)
                  .map(({ publicShare }) => publicShare),
              }
            : undefined,
        seed,
        sign: (tag, message) => plan.context.identity.sign(tag, message),
      }),
    );
  } finally {
    if (dealing !== undefined) freeSecret(dealing);
  }
}

/** A dealer's index among the old shares; an import has one dealer and no old shares. */
function oldIndexOf({ kind, members }: RedealPlan, agreed: Offer, dealer: number): number {
  if (kind === 'import') return 0;
  const identity = members[dealer]?.identity.identityKey;
  const old = agreed.oldShares.find((share) => identity !== undefined && same(share.identity, identity));
  if (old === undefined) throw new ProtocolAbort([dealer], 'it deals a key of which it holds no share');
  return old.index;
}

/** The commitment that this dealer's constant must have. */
function constantOf(
  kind: RedealKind,
  { group }: PartyScheme,
  agreed: Offer,
  indexes: readonly number[],
  place: number,
): Uint8Array {
  if (kind === 'refresh') return new Uint8Array(0);
  if (kind === 'import') return agreed.groupKey;
  const index = indexes[place];
  const old = agreed.oldShares.find((share) => share.index === index);
  const point = old && group.decode(old.publicShare);
  if (index === undefined || point === undefined) throw new ProtocolAbort([], 'an old public share is none');
  return group.encode(group.multiplyPublic(point, coefficient(group, indexes, index)));
}

/** This dealer's constant, in locked memory: the whole key, or its share times its weight. */
function weighted({ kind, scheme, secret }: RedealPlan, indexes: readonly number[], place: number): Buffer {
  if (secret === undefined) throw new Error('a dealer without a secret');
  const constant = copySecret(secret.value);
  const index = indexes[place];
  if (kind === 'reshare' && index !== undefined)
    scheme.group.multiplyScalars(constant, constant, coefficient(scheme.group, indexes, index));
  return constant;
}

function coefficient(group: PartyScheme['group'], indexes: readonly number[], index: number): Uint8Array {
  return lagrangeCoefficient(
    group,
    indexes.map((other) => other + 1),
    index + 1,
  );
}

/** What those say alike who deal; a party that is through speaks of the key, and has no old shares to speak of. */
function agreedOffer(said: readonly Decoded<typeof hello>[], nameOf: (party: number) => string): Offer {
  const hasShare = ({ share }: Decoded<typeof hello>): boolean => share.state.kind === 'certified';
  // A party that received without dealing has no offer, through or not.
  const offering = said.filter((each) => each.offer !== undefined);
  const agreed = (offering.find((each) => !hasShare(each)) ?? offering[0])?.offer;
  if (agreed === undefined) throw new ProtocolAbort([], 'no party of the room deals anything');
  said.forEach((each, party) => {
    if (each.offer === undefined) return;
    const expected = hasShare(each) ? { ...agreed, oldThreshold: 0, oldShares: [] } : agreed;
    const offered = hasShare(each) ? { ...each.offer, oldThreshold: 0, oldShares: [] } : each.offer;
    if (!same(encode(offer, expected), encode(offer, offered)))
      throw new ProtocolAbort([], `${nameOf(party)} has shares of another key, or of another epoch of it`);
  });
  return agreed;
}

function newShareOf(
  { kind, scheme, members, threshold }: RedealPlan,
  agreed: Offer,
  parametersHash: Uint8Array,
  me: number,
  redealt: Redealt,
): NewShare {
  const receivers = members.filter(({ receives }) => receives);
  const own = members[me];
  const publicEvidence = redealt.evidence;
  // Nothing of an imported key's own would do for a chain code.
  const chainCode =
    kind === 'import'
      ? createHash('sha256').update('countersign/import/chain-code/v1\0').update(redealt.transcriptHash).digest()
      : agreed.chainCode;
  const facts: ThresholdFacts = {
    threshold,
    parties: receivers.map(({ identity, perKeyPublic }, index) => {
      const publicShare = redealt.publicShares[index];
      if (publicShare === undefined) throw new Error('a party without a public share');
      return { identity: identity.identityKey, channelKey: identity.channelKey, perKeyPublic, index, publicShare };
    }),
    index: own?.receives === true ? receivers.indexOf(own) : 0,
    groupKey: agreed.groupKey,
    chainCode,
    epoch: agreed.epoch,
    origin: agreed.origin,
    specification: `${scheme.specification}; ${kind} v1`,
    parametersHash,
    publicEvidence,
  };
  const { scalar } = redealt;
  return {
    made: {
      scalar: scalar ?? new Uint8Array(0),
      groupKey: agreed.groupKey,
      chainCode,
      publicShares: redealt.publicShares,
      evidence: publicEvidence,
      free: () => {
        if (scalar !== undefined) freeSecret(scalar);
      },
    },
    facts,
    publicKey: scheme.publicKeyOf(agreed.groupKey),
  };
}

/** Undefined for a row that nothing was kept in yet, and for a party that only deals. Ends the plan where it throws. */
function openInto({ into, context, secret }: RedealPlan): Opened<ShareSecret> | undefined {
  if (into === undefined || into.sealed.length === 0) return undefined;
  const opened = openShare(context.rootKey, into);
  if (opened !== undefined) return opened;
  secret?.free();
  throw new OperationRefused('invalid_request', 'the key is not one of this server');
}

/** Everything but the key, which a party that joins doesn't know beforehand. */
function hashParameters({ kind, scheme, members, threshold }: RedealPlan): Uint8Array {
  const hash = createHash('sha256').update(
    `countersign/redeal-parameters/v1\0${kind}\0${scheme.algorithm}\0${threshold}\0`,
  );
  for (const { identity, perKeyPublic, receives } of members)
    hash
      .update(identity.identityKey)
      .update(identity.channelKey)
      .update(Buffer.of(perKeyPublic.length, receives ? 1 : 0))
      .update(perKeyPublic);
  return hash.digest();
}

function keyAt(dealKeys: readonly (readonly Uint8Array[])[], receiver: number, dealer: number): Uint8Array {
  const key = dealKeys[receiver]?.[dealer];
  if (key === undefined) throw new ProtocolAbort([receiver], 'it gave no key to deal to');
  return key;
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

const NO_SLOT: SealSlot = { keyId: new Uint8Array(16), accountId: new Uint8Array(16), algorithm: 'bip340' };
