/**
 * What a party process keeps in the database, sealed: its identity, and one secret per share with all that it must be
 * able to believe about it. Plaintexts are decoded where they lie, in locked memory.
 */
import { freeSecret } from '@countersign/algorithms/secret-memory';
import { type AccountId, idBytes, type KeyId, parseId } from '@countersign/core/ids';
import {
  bytes,
  type Codec,
  type Decoded,
  decode,
  encode,
  fixed,
  list,
  MalformedBytes,
  optional,
  struct,
  variants,
} from '@countersign/threshold/codec';
import { MAX_PARTIES, type SealSlot, type StoredSecret, thresholdFacts } from '../../messages/party-message.ts';
import { openKey, type SealedTerms, wrapKey } from '../wrapping.ts';

const identitySecret = struct({
  /** Ed25519 seed. */
  seed: fixed(32),
  /** X25519. */
  channel: fixed(32),
  /** P-256 scalar that signs questions to rule servers. */
  question: fixed(32),
});
export type IdentitySecretBytes = Decoded<typeof identitySecret>;

const shareSecret = variants({
  /** Made by `create`; nothing was generated yet. `perKey`: ChillDKG host secret, or X25519. */
  created: struct({ perKey: fixed(32) }),
  /** This party's signature for an operation may have left: `resume` finishes it from the evidence of another party. */
  pending: struct({ perKey: optional(fixed(32)), parametersHash: fixed(32), resume: bytes(64 * 1024) }),
  /** The share is there and certified; the others' acknowledgements aren't all in. */
  certified: struct({ perKey: optional(fixed(32)), scalar: fixed(32), facts: thresholdFacts }),
  /** Acknowledged by all. `perKey` is kept in the first epoch only: later it would rebuild a share that is gone. */
  share: struct({
    perKey: optional(fixed(32)),
    scalar: fixed(32),
    facts: thresholdFacts,
    /** The word of every party that it has stored its share, signed, in the order of the operation's parties. */
    acknowledgements: list(fixed(64), 2 * MAX_PARTIES),
  }),
});
export type ShareSecret = Decoded<typeof shareSecret>;

/** An identity belongs to no key and no account. */
const NOBODY = '00000000-0000-0000-0000-000000000000';
const IDENTITY = 'threshold-identity';
const CUSTODY = 'threshold';

/** An opened secret: `value` lies in locked memory and is gone after `free`, but for `facts`, which are public. */
export interface Opened<T> {
  readonly value: T;
  free(): void;
}

export function sealIdentity(rootKey: Buffer, secret: IdentitySecretBytes, publicKey: Uint8Array): Uint8Array {
  return seal(rootKey, identitySecret, secret, {
    keyId: NOBODY as KeyId,
    accountId: NOBODY as AccountId,
    algorithm: IDENTITY,
    publicKey,
    epoch: 0,
  });
}

/** Undefined for what this installation didn't seal as an identity. */
export function openIdentity(rootKey: Buffer, sealed: Uint8Array): Opened<IdentitySecretBytes> | undefined {
  return open(
    rootKey,
    identitySecret,
    sealed,
    (terms) => terms.algorithm === IDENTITY && terms.keyId === NOBODY && terms.accountId === NOBODY,
  );
}

export function sealShare(rootKey: Buffer, slot: SealSlot, secret: ShareSecret): Uint8Array {
  const facts = secret.kind === 'certified' || secret.kind === 'share' ? secret.facts : undefined;
  return seal(rootKey, shareSecret, secret, {
    keyId: idOf(slot.keyId) as KeyId,
    accountId: idOf(slot.accountId) as AccountId,
    algorithm: slot.algorithm,
    publicKey: facts?.groupKey ?? new Uint8Array(0),
    epoch: facts?.epoch ?? 0,
  });
}

/** Undefined for what wasn't sealed for this very slot by this installation. */
export function openShare(rootKey: Buffer, { slot, sealed }: StoredSecret): Opened<ShareSecret> | undefined {
  const opened = open(
    rootKey,
    shareSecret,
    sealed,
    (terms) =>
      Buffer.compare(slot.keyId, idBytes(terms.keyId)) === 0 &&
      Buffer.compare(slot.accountId, idBytes(terms.accountId)) === 0 &&
      terms.algorithm === slot.algorithm,
  );
  if (opened === undefined) return undefined;
  const { value } = opened;
  if (value.kind === 'created' || value.kind === 'pending') return opened;
  // They outlive the secret: in new shares, in answers.
  const facts = decode(thresholdFacts, encode(thresholdFacts, value.facts));
  return { value: { ...value, facts }, free: opened.free };
}

function seal<T>(
  rootKey: Buffer,
  codec: Codec<T>,
  secret: T,
  terms: Pick<SealedTerms, 'keyId' | 'accountId' | 'algorithm' | 'publicKey' | 'epoch'>,
): Uint8Array {
  const plaintext = encode(codec, secret);
  try {
    return wrapKey(
      rootKey,
      { ...terms, parameters: {}, custody: CUSTODY, operations: ['sign'], exportable: false },
      plaintext,
    );
  } finally {
    plaintext.fill(0);
  }
}

function open<T>(
  rootKey: Buffer,
  codec: Codec<T>,
  sealed: Uint8Array,
  isExpected: (terms: SealedTerms) => boolean,
): Opened<T> | undefined {
  const opened = openKey(rootKey, Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength));
  if (opened === undefined) return undefined;
  const { terms, privateKey } = opened;
  try {
    if (terms.custody === CUSTODY && isExpected(terms))
      return { value: decode(codec, privateKey), free: () => freeSecret(privateKey) };
  } catch (error) {
    if (!(error instanceof MalformedBytes)) throw error;
  }
  freeSecret(privateKey);
  return undefined;
}

/** @param id 16 bytes */
export function idOf(id: Uint8Array): KeyId | AccountId {
  const hex = Buffer.from(id).toString('hex');
  const parsed = parseId<KeyId>(hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5'));
  if (parsed === undefined) throw new RangeError('an id has 16 bytes');
  return parsed;
}
