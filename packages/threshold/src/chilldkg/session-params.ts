import { taggedHash } from '@countersign/algorithms/tagged-hash';
import type { Secp256k1Group } from '../secp256k1/secp256k1-group.ts';
import { bipDkgTag } from './bip-dkg-tag.ts';
import { DuplicateHostPubkeyError, InvalidHostPubkeyError, ThresholdOrCountError } from './chilldkg-errors.ts';
import { uint32 } from './uint32.ts';

/** What all participants of a session have to agree on before it starts. */
export interface SessionParams {
  /** 33 bytes each, compressed; their order is the participants' order. */
  readonly hostPublicKeys: readonly Uint8Array[];
  /** How many participants it takes to sign. */
  readonly threshold: number;
}

/**
 * @throws ThresholdOrCountError unless 1 <= threshold <= number of keys <= 2^32 - 1
 * @throws InvalidHostPubkeyError for the first key that is no point
 * @throws DuplicateHostPubkeyError
 */
export function validateParams(group: Secp256k1Group, params: SessionParams): void {
  const { hostPublicKeys, threshold } = params;
  if (!Number.isInteger(threshold) || threshold < 1 || threshold > hostPublicKeys.length) {
    throw new ThresholdOrCountError();
  }
  for (const [participant, key] of hostPublicKeys.entries()) {
    if (group.decode(key) === undefined) throw new InvalidHostPubkeyError(participant);
  }
  const seen = new Map<string, number>();
  for (const [participant, key] of hostPublicKeys.entries()) {
    const hex = Buffer.from(key).toString('hex');
    const earlier = seen.get(hex);
    if (earlier !== undefined) throw new DuplicateHostPubkeyError(earlier, participant);
    seen.set(hex, participant);
  }
}

/**
 * 32 bytes that people compare over another channel, to be sure that all have the same host public keys and threshold.
 * @throws SessionParamsError
 */
export function paramsHash(group: Secp256k1Group, params: SessionParams): Uint8Array {
  validateParams(group, params);
  return taggedHash(`${bipDkgTag}params_hash`, serializeParams(params));
}

/** The threshold in 4 bytes, then all host public keys; also the context of every encryption. */
export function serializeParams(params: SessionParams): Uint8Array {
  return Buffer.concat([uint32(params.threshold), ...params.hostPublicKeys]);
}

/** The position of a host public key, or -1. */
export function participantOf(params: SessionParams, hostPublicKey: Uint8Array): number {
  return params.hostPublicKeys.findIndex((key) => Buffer.compare(key, hostPublicKey) === 0);
}
