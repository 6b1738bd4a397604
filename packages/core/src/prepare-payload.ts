/** How the bytes of one payload are signed with one key: the part of step 2 that needs no decoding. */
import type { Payload, PreparedPayload, SigningOptions } from '@countersign/algorithms/algorithm';
import { findAlgorithm } from '@countersign/algorithms/registry';
import type { DomainErrorCode } from './domain-error.ts';
import type { KeyRecord } from './key-record.ts';

export type PayloadPreparation =
  | { readonly ok: true; readonly prepared: PreparedPayload }
  | { readonly ok: false; readonly code: DomainErrorCode; readonly reason: string };

/** Fails closed: an option that the algorithm doesn't know, or a digest of the wrong length, is an error. */
export function preparePayload(key: KeyRecord, payload: Payload, options: SigningOptions): PayloadPreparation {
  const algorithm = findAlgorithm(key.algorithm);
  if (algorithm === undefined)
    return { ok: false, code: 'not_supported', reason: `algorithm ${key.algorithm} is not supported` };
  const prepared = algorithm.prepare(payload, options, key.parameters);
  return prepared.ok
    ? { ok: true, prepared: prepared.value }
    : { ok: false, code: 'invalid_request', reason: prepared.reason };
}

/** A digest hides what is signed, which a key may forbid; undefined where it doesn't. */
export function refuseDigest(key: KeyRecord, payload: Payload): PayloadPreparation | undefined {
  if (payload.kind !== 'digest' || key.allowSignDigest) return undefined;
  return {
    ok: false,
    code: 'key_not_usable',
    reason: 'the key signs messages only; send the message instead of its digest',
  };
}

/**
 * The key's own say on determinism, applied to the options of one signature: the same object where there is nothing to
 * apply. Undefined when the two contradict each other.
 */
export function settleOptions(key: KeyRecord, options: SigningOptions): SigningOptions | undefined {
  const wanted = key.deterministicSignatures;
  if (wanted === undefined || options.deterministic === wanted) return options;
  return options.deterministic === undefined ? { ...options, deterministic: wanted } : undefined;
}

/** For the caller whose options `settleOptions` refused. */
export const DETERMINISM_FIXED = 'the key fixes whether signatures are deterministic; leave the option out';
