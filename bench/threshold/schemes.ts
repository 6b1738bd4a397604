/** The two schemes of threshold keys: how each is called, its arithmetic, and the peer and the verifier of @noble/curves. */
import type { Ed25519Group } from '@countersign/threshold/ed25519/ed25519-group';
import { loadEd25519Group } from '@countersign/threshold/engines/ed25519/load-group';
import { loadSecp256k1Group } from '@countersign/threshold/engines/secp256k1/load-group';
import type { Secp256k1Group } from '@countersign/threshold/secp256k1/secp256k1-group';
import type { FROST } from '@noble/curves/abstract/frost.js';
import { ed25519, ed25519_FROST } from '@noble/curves/ed25519.js';
import { schnorr, schnorr_FROST } from '@noble/curves/secp256k1.js';
import type { ThresholdScheme } from '../../scripts/demo/threshold-parties.ts';

export type SchemeGroup = Secp256k1Group | Ed25519Group;

export interface BenchScheme {
  readonly name: ThresholdScheme;
  readonly title: string;
  /** The group that the party processes would take. @throws EngineUnavailable */
  readonly load: () => Promise<SchemeGroup>;
  readonly noble: FROST;
  /** A signature of one signer, which costs as much to verify as any other. */
  readonly signAlone: (secretKey: Uint8Array, message: Uint8Array) => Uint8Array;
  readonly alonePublicKey: (secretKey: Uint8Array) => Uint8Array;
  /** By @noble/curves. @param publicKey 32 bytes */
  readonly verify: (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean;
}

export const BENCH_SCHEMES: readonly BenchScheme[] = [
  {
    name: 'bip340',
    title: 'BIP340',
    load: loadSecp256k1Group,
    noble: schnorr_FROST,
    signAlone: (secretKey, message) => schnorr.sign(message, secretKey),
    alonePublicKey: (secretKey) => schnorr.getPublicKey(secretKey),
    verify: (publicKey, message, signature) => schnorr.verify(signature, message, publicKey),
  },
  {
    name: 'ed25519',
    title: 'Ed25519',
    load: loadEd25519Group,
    noble: ed25519_FROST,
    signAlone: (secretKey, message) => ed25519.sign(message, secretKey),
    alonePublicKey: (secretKey) => ed25519.getPublicKey(secretKey),
    verify: (publicKey, message, signature) => ed25519.verify(signature, message, publicKey, { zip215: false }),
  },
];

export interface Quorum {
  readonly threshold: number;
  readonly parties: number;
}

export function quorumName({ threshold, parties }: Quorum): string {
  return `${threshold} of ${parties}`;
}
