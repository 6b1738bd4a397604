import { fillFromKernel } from '@countersign/algorithms/kernel-randomness';
import { copySecret, freeSecret } from '@countersign/algorithms/secret-memory';
import { signBatch } from '@countersign/threshold/bip445/sign-batch-protocol';
import type { SignersContext } from '@countersign/threshold/bip445/signers';
import { HostSeckeyError, RecoveryDataError } from '@countersign/threshold/chilldkg/chilldkg-errors';
import { hostPublicKey } from '@countersign/threshold/chilldkg/host-public-key';
import { startKeygen } from '@countersign/threshold/chilldkg/keygen-protocol';
import type { KeygenResult } from '@countersign/threshold/chilldkg/keygen-result';
import { resumeFromPending } from '@countersign/threshold/chilldkg/pending-keygen';
import { MalformedBytes } from '@countersign/threshold/codec';
import { loadSecp256k1Group } from '@countersign/threshold/engines/secp256k1/load-group';
import { transformed } from '@countersign/threshold/protocol';
import { deriveTaprootTweak, deriveTweaks } from '@countersign/threshold/secp256k1/derivation';
import type { Secp256k1Group } from '@countersign/threshold/secp256k1/secp256k1-group';
import type { Tweak } from '@countersign/threshold/secp256k1/tweak';
import { kernelRandom } from '../exchange-parts.ts';
import type { MadeShare, PartyScheme, SigningItem } from '../party-scheme.ts';

const RANDOM_BYTES = 32;

/** BIP 445 with keys by ChillDKG. @throws EngineUnavailable */
export async function loadBip340Scheme(): Promise<PartyScheme> {
  const group = await loadSecp256k1Group();
  return {
    algorithm: 'bip340',
    specification: 'BIP 445 (bip-frost-signing 29467ac); ChillDKG (bip-frost-dkg a918968)',
    group,
    perKeyPublic: (secret) => {
      try {
        return hostPublicKey(group, secret);
      } catch (error) {
        if (error instanceof HostSeckeyError) return undefined;
        throw error;
      }
    },
    publicKeyOf: (groupKey) => groupKey.subarray(1),
    derivePublicKey: (groupKey, chainCode, path, merkleRoot) =>
      deriveKey(group, groupKey, chainCode, path, merkleRoot).xOnly,
    generate: ({ threshold, parties, perKeySecret }) => {
      const random = copySecret(kernelRandom(RANDOM_BYTES));
      try {
        return transformed(
          startKeygen(group, {
            hostSecret: perKeySecret,
            params: { hostPublicKeys: parties.map(({ perKeyPublic }) => perKeyPublic), threshold },
            random,
            auxiliaryRandom: kernelRandom(RANDOM_BYTES),
          }),
          (result) => madeShare(group, result),
        );
      } finally {
        freeSecret(random);
      }
    },
    recover: (_parties, resume, evidence) => {
      try {
        return madeShare(group, resumeFromPending(group, resume, { kind: 'recovery-data', recoveryData: evidence }));
      } catch (cause) {
        if (cause instanceof RecoveryDataError) throw new MalformedBytes(cause.message, { cause });
        throw cause;
      }
    },
    signBatch: (items, parties, me) => {
      const random = group.allocateSecret(RANDOM_BYTES * items.length);
      fillFromKernel(Buffer.from(random.buffer, random.byteOffset, random.byteLength));
      const contextOf = signersContexts();
      const tweaksOf = derivedTweaks(group);
      try {
        return signBatch(group, {
          parties,
          me,
          elements: items.map((item) => ({
            context: contextOf(item),
            secretShare: item.scalar,
            tweaks: tweaksOf(item),
            message: item.message,
            extraInput: item.extraInput,
          })),
          random,
        });
      } finally {
        group.freeSecret(random);
      }
    },
  };
}

function madeShare(group: Secp256k1Group, result: KeygenResult): MadeShare {
  return {
    scalar: result.secretShare,
    groupKey: result.thresholdPublicKey,
    chainCode: result.chainCode,
    publicShares: result.publicShares,
    evidence: result.recoveryData,
    free: () => group.freeSecret(result.secretShare),
  };
}

/** One object for all elements of a key: its checks then cost their point multiplications once. */
function signersContexts(): (item: SigningItem) => SignersContext {
  const contexts = new Map<Uint8Array, SignersContext>();
  return (item) => {
    const known = contexts.get(item.groupKey);
    if (known !== undefined) return known;
    const context: SignersContext = {
      participants: item.partyCount,
      threshold: item.threshold,
      ids: item.signers.map(({ index }) => index),
      publicShares: item.signers.map(({ publicShare }) => publicShare),
      thresholdPublicKey: item.groupKey,
    };
    contexts.set(item.groupKey, context);
    return context;
  };
}

/** Elements of one key and one path have one derivation, and one list of tweaks. */
function derivedTweaks(group: Secp256k1Group): (item: SigningItem) => readonly Tweak[] {
  const derived = new Map<string, readonly Tweak[]>();
  return ({ groupKey, chainCode, path, merkleRoot }) => {
    if (path.length === 0 && merkleRoot === undefined) return NO_TWEAKS;
    const root = merkleRoot === undefined ? '-' : Buffer.from(merkleRoot).toString('latin1');
    const name = `${Buffer.from(groupKey).toString('latin1')}|${path.join('/')}|${root}`;
    const known = derived.get(name) ?? deriveKey(group, groupKey, chainCode, path, merkleRoot).tweaks;
    derived.set(name, known);
    return known;
  };
}

const NO_TWEAKS: readonly Tweak[] = [];

function deriveKey(
  group: Secp256k1Group,
  groupKey: Uint8Array,
  chainCode: Uint8Array,
  path: readonly number[],
  merkleRoot: Uint8Array | undefined,
): { readonly xOnly: Uint8Array; readonly tweaks: readonly Tweak[] } {
  const child = deriveTweaks(group, groupKey, chainCode, path);
  if (merkleRoot === undefined) return { xOnly: child.publicKey.subarray(1), tweaks: child.tweaks };
  const { tweak, publicKey } = deriveTaprootTweak(group, child.publicKey, merkleRoot);
  return { xOnly: publicKey, tweaks: [...child.tweaks, tweak] };
}
