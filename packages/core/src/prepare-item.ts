/** Step 2 of a signature: what the payload means and which bytes will reach the engine. */
import type { PreparedPayload } from '@countersign/algorithms/algorithm';
import { OPAQUE_VIEW, type View } from '@countersign/chains/view';
import type { DomainErrorCode } from './domain-error.ts';
import type { KeyRecord } from './key-record.ts';
import { preparePayload, refuseDigest, settleOptions } from './prepare-payload.ts';
import { DecodedContent } from './requests/decode-content.ts';
import type { SigningItem } from './signing-item.ts';

export type PreparedItem =
  | { readonly ok: true; readonly prepared: PreparedPayload; readonly view: View }
  | { readonly ok: false; readonly code: DomainErrorCode; readonly reason: string };

/**
 * View and bytes of an item. Those of decoded content were made together from one payload, and stay together; content
 * that was decoded for another key is refused.
 */
export function prepareItem(key: KeyRecord, item: SigningItem): PreparedItem {
  const { payload } = item;
  if (payload.kind === 'content') {
    const part = DecodedContent.partFor(payload.content, key, payload.part);
    if (part === undefined)
      return { ok: false, code: 'invalid_request', reason: 'the content was decoded for another key' };
    return { ok: true, prepared: part.prepared, view: payload.content.view };
  }
  const preparation = refuseDigest(key, payload) ?? preparePayload(key, payload, item.options);
  return preparation.ok ? { ok: true, prepared: preparation.prepared, view: OPAQUE_VIEW } : preparation;
}

/** `settleOptions` for an item: the same object where there is nothing to apply. */
export function settleDeterminism(key: KeyRecord, item: SigningItem): SigningItem | undefined {
  const options = settleOptions(key, item.options);
  if (options === undefined) return undefined;
  return options === item.options ? item : { ...item, options };
}
