/** The protocols of all parties of a key in one process: no exchange, no encryption, no server. */
import { randomBytes } from 'node:crypto';
import { allocateSecret, copySecret, freeSecret } from '@countersign/algorithms/secret-memory';
import { signBatch } from '@countersign/threshold/bip445/sign-batch-protocol';
import { hostPublicKey } from '@countersign/threshold/chilldkg/host-public-key';
import { startKeygen } from '@countersign/threshold/chilldkg/keygen-protocol';
import type { Ed25519Group } from '@countersign/threshold/ed25519/ed25519-group';
import { startKeyGeneration } from '@countersign/threshold/ed25519/key-generation-protocol';
import { startSignBatch } from '@countersign/threshold/ed25519/sign-batch-protocol';
import { loadIdentity } from '@countersign/threshold/exchange/identity';
import { x25519PrivateKey, x25519PublicBytes } from '@countersign/threshold/exchange/x25519';
import type { Round, Step } from '@countersign/threshold/protocol';
import type { Secp256k1Group } from '@countersign/threshold/secp256k1/secp256k1-group';
import type { Quorum, SchemeGroup } from './schemes.ts';

export interface LocalKey {
  readonly quorum: Quorum;
  /** As the group encodes it. */
  readonly groupKey: Uint8Array;
  /** 32 bytes: what verifies. */
  readonly publicKey: Uint8Array;
  readonly publicShares: readonly Uint8Array[];
  /** In locked memory. */
  readonly secretShares: readonly Uint8Array[];
}

type Signed = readonly ({ readonly kind: 'signed'; readonly signature: Uint8Array } | { readonly kind: 'failed' })[];

export function generateLocalKey(group: SchemeGroup, quorum: Quorum): LocalKey {
  return group.name === 'secp256k1' ? generateBip340(group, quorum) : generateEd25519(group, quorum);
}

/** The first `threshold` parties sign. @returns the signatures, the same at every party @throws Error */
export function signLocally(group: SchemeGroup, key: LocalKey, messages: readonly Uint8Array[]): readonly Uint8Array[] {
  const { threshold } = key.quorum;
  const parties = Array.from({ length: threshold }, (_, me) => me);
  const results = runRounds(
    parties.map((me) =>
      group.name === 'secp256k1' ? startBip340(group, key, messages, me) : startEd25519(group, key, messages, me),
    ),
  );
  const [first = []] = results.map((elements) =>
    elements.map((element) => {
      if (element.kind !== 'signed') throw new Error('a signature failed');
      return element.signature;
    }),
  );
  return first;
}

export function freeLocalKey({ secretShares }: LocalKey): void {
  for (const share of secretShares) freeSecret(share as Buffer);
}

function generateBip340(group: Secp256k1Group, quorum: Quorum): LocalKey {
  const hostSecrets = Array.from({ length: quorum.parties }, () => copySecret(randomBytes(32)));
  const hostPublicKeys = hostSecrets.map((secret) => hostPublicKey(group, secret));
  const shares = runRounds(
    hostSecrets.map((hostSecret) =>
      startKeygen(group, {
        hostSecret,
        params: { hostPublicKeys, threshold: quorum.threshold },
        random: randomBytes(32),
        auxiliaryRandom: randomBytes(32),
      }),
    ),
  );
  for (const secret of hostSecrets) freeSecret(secret);
  const { thresholdPublicKey, publicShares } = at(shares, 0);
  return {
    quorum,
    groupKey: thresholdPublicKey,
    publicKey: thresholdPublicKey.subarray(1),
    publicShares,
    secretShares: shares.map(({ secretShare }) => secretShare),
  };
}

function generateEd25519(group: Ed25519Group, quorum: Quorum): LocalKey {
  const identities = Array.from({ length: quorum.parties }, () => loadIdentity(randomBytes(32), randomBytes(32)));
  const dealSecrets = identities.map(() => copySecret(randomBytes(32)));
  const session = {
    session: randomBytes(32),
    threshold: quorum.threshold,
    identities: identities.map((identity) => identity.public.identityKey),
    dealKeys: dealSecrets.map((secret) => x25519PublicBytes(x25519PrivateKey(secret))),
  };
  const shares = runRounds(
    identities.map((identity, me) =>
      startKeyGeneration({
        group,
        memory: { allocate: allocateSecret, free: freeSecret },
        session,
        me,
        dealSecret: at(dealSecrets, me),
        seed: copySecret(randomBytes(32)),
        sign: (tag, message) => identity.sign(tag, message),
      }),
    ),
  );
  for (const secret of dealSecrets) freeSecret(secret);
  const { publicKey, publicShares } = at(shares, 0);
  return {
    quorum,
    groupKey: publicKey,
    publicKey,
    publicShares,
    secretShares: shares.map(({ secretShare }) => secretShare),
  };
}

function startBip340(group: Secp256k1Group, key: LocalKey, messages: readonly Uint8Array[], me: number): Round<Signed> {
  const { threshold, parties } = key.quorum;
  // One object for all elements, whose checks are then made once.
  const context = {
    participants: parties,
    threshold,
    ids: Array.from({ length: threshold }, (_, id) => id),
    publicShares: key.publicShares.slice(0, threshold),
    thresholdPublicKey: key.groupKey,
  };
  return signBatch(group, {
    parties: threshold,
    me,
    elements: messages.map((message, index) => ({
      context,
      secretShare: at(key.secretShares, me),
      tweaks: [],
      message,
      extraInput: Buffer.from(`${index}`),
    })),
    random: randomBytes(32 * messages.length),
  });
}

function startEd25519(group: Ed25519Group, key: LocalKey, messages: readonly Uint8Array[], me: number): Round<Signed> {
  const { threshold } = key.quorum;
  const signers = key.publicShares.slice(0, threshold).map((publicShare, index) => ({ index, publicShare }));
  return startSignBatch({
    group,
    memory: { allocate: allocateSecret, free: freeSecret },
    parties: threshold,
    me,
    elements: messages.map((message, index) => ({
      secretShare: at(key.secretShares, me),
      signers,
      publicKey: key.groupKey,
      tweak: undefined,
      message,
      extraInput: Buffer.from(`${index}`),
    })),
    randomness: randomBytes(64 * messages.length),
  });
}

function runRounds<Result>(rounds: readonly Round<Result>[]): readonly Result[] {
  let running = rounds;
  for (;;) {
    const broadcasts = running.map(({ broadcast }) => broadcast);
    const steps: readonly Step<Result>[] = running.map(({ next }) => next(broadcasts));
    const results = steps.flatMap((step) => (step.kind === 'finished' ? [step.result] : []));
    if (results.length === steps.length) return results;
    running = steps.flatMap((step) => (step.kind === 'round' ? [step] : []));
    // What a server would store to finish after a crash.
    for (const { keep } of running) if (keep?.kind === 'pending') freeSecret(keep.secret as Buffer);
  }
}

function at<T>(list: readonly T[], index: number): T {
  const item = list[index];
  if (item === undefined) throw new RangeError('no such party');
  return item;
}
