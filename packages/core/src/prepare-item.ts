/** Step 2 of a signature: what the payload means and which bytes will reach the engine. */
import type { PreparedPayload } from '@countersign/algorithms/algorithm';
import { findAlgorithm } from '@countersign/algorithms/registry';
import { OPAQUE_VIEW, type View } from '@countersign/chains/view';
import type { DomainErrorCode } from './domain-error.ts';
import type { KeyRecord } from './key-record.ts';
import type { SigningItem } from './signing-item.ts';

export type PreparedItem =
  | { readonly ok: true; readonly prepared: PreparedPayload; readonly view: View }
  | { readonly ok: false; readonly code: DomainErrorCode; readonly reason: string };

/** Fails closed: an option that the algorithm doesn't know, or a digest of the wrong length, is an error. */
export function prepareItem(key: KeyRecord, item: SigningItem): PreparedItem {
  const algorithm = findAlgorithm(key.algorithm);
  if (algorithm === undefined) return failed('not_supported', `algorithm ${key.algorithm} is not supported`);
  if (item.payload.kind === 'digest' && !key.allowSignDigest)
    return failed('key_not_usable', 'the key signs messages only; send the message instead of its digest');
  const prepared = algorithm.prepare(item.payload, item.options, key.parameters);
  return prepared.ok
    ? { ok: true, prepared: prepared.value, view: OPAQUE_VIEW }
    : failed('invalid_request', prepared.reason);
}

/**
 * The key's own say on determinism, applied to the options of one signature.
 * Undefined when the two contradict each other.
 */
export function settleDeterminism(key: KeyRecord, item: SigningItem): SigningItem | undefined {
  const wanted = key.deterministicSignatures;
  if (wanted === undefined || item.options.deterministic === wanted) return item;
  if (item.options.deterministic !== undefined) return undefined;
  return { ...item, options: { ...item.options, deterministic: wanted } };
}

function failed(code: DomainErrorCode, reason: string): PreparedItem {
  return { ok: false, code, reason };
}
