import { fillFromKernel } from '@countersign/algorithms/kernel-randomness';
import { allocateSecret, freeSecret } from '@countersign/algorithms/secret-memory';
import { derivePath } from '@countersign/threshold/ed25519/derivation';
import {
  type GeneratedShare,
  resumeFromPending,
  startKeyGeneration,
} from '@countersign/threshold/ed25519/key-generation-protocol';
import { startSignBatch } from '@countersign/threshold/ed25519/sign-batch-protocol';
import { loadEd25519Group } from '@countersign/threshold/engines/ed25519/load-group';
import { x25519PrivateKey, x25519PublicBytes } from '@countersign/threshold/exchange/x25519';
import { transformed } from '@countersign/threshold/protocol';
import type { SecretMemory } from '@countersign/threshold/secret-memory';
import { withRandomSecret } from '../exchange-parts.ts';
import type { MadeShare, PartyScheme } from '../party-scheme.ts';

const NONCE_RANDOM_BYTES = 64;
const MEMORY: SecretMemory = { allocate: allocateSecret, free: freeSecret };

/** FROST(Ed25519, SHA-512) with keys by PedPoP. @throws EngineUnavailable */
export async function loadEd25519Scheme(): Promise<PartyScheme> {
  const group = await loadEd25519Group();
  return {
    algorithm: 'ed25519',
    specification: 'RFC 9591 FROST(Ed25519, SHA-512); PedPoP (eprint 2020/852)',
    group,
    perKeyPublic: (secret) => x25519PublicBytes(x25519PrivateKey(secret)),
    publicKeyOf: (groupKey) => groupKey,
    derivePublicKey: (groupKey, chainCode, path, merkleRoot) => {
      if (merkleRoot !== undefined) throw new RangeError('a merkle root is for BIP340 keys');
      return derivePath(group, groupKey, chainCode, path).publicKey;
    },
    generate: ({ threshold, parties, me, sign, perKeySecret, session }) =>
      transformed(
        withRandomSecret(32, (seed) =>
          startKeyGeneration({
            group,
            memory: MEMORY,
            session: {
              session,
              threshold,
              identities: parties.map(({ identityKey }) => identityKey),
              dealKeys: parties.map(({ perKeyPublic }) => perKeyPublic),
            },
            me,
            dealSecret: perKeySecret,
            seed,
            sign,
          }),
        ),
        madeShare,
      ),
    recover: (_parties, resume, evidence) => madeShare(resumeFromPending(group, MEMORY, resume, evidence)),
    signBatch: (items, parties, me) => {
      const randomness = allocateSecret(NONCE_RANDOM_BYTES * items.length);
      fillFromKernel(randomness);
      // Many elements are of one key and one path.
      const tweaks = new Map<string, Uint8Array>();
      const tweakOf = (groupKey: Uint8Array, chainCode: Uint8Array, path: readonly number[]) => {
        if (path.length === 0) return undefined;
        const name = `${Buffer.from(groupKey).toString('latin1')}${path.join('/')}`;
        const known = tweaks.get(name) ?? derivePath(group, groupKey, chainCode, path).tweak;
        tweaks.set(name, known);
        return known;
      };
      try {
        return startSignBatch({
          group,
          memory: MEMORY,
          parties,
          me,
          elements: items.map((item) => ({
            secretShare: item.scalar,
            signers: item.signers,
            publicKey: item.groupKey,
            tweak: tweakOf(item.groupKey, item.chainCode, item.path),
            message: item.message,
            extraInput: item.extraInput,
          })),
          randomness,
        });
      } finally {
        freeSecret(randomness);
      }
    },
  };
}

function madeShare(share: GeneratedShare): MadeShare {
  return {
    scalar: share.secretShare,
    groupKey: share.publicKey,
    chainCode: share.chainCode,
    publicShares: share.publicShares,
    evidence: share.certificate,
    free: () => freeSecret(share.secretShare),
  };
}
