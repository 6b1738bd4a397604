/** Stored requests as one batch of the signing path. */

import type { PlacedRequest } from '../judge-governed.ts';
import type { Caller } from '../principal.ts';
import type { SignedBatch } from '../sign-batch.ts';
import type { RequestToSign } from '../signing-governance.ts';
import type { ParsedItem, SigningItem, SigningResult } from '../signing-item.ts';
import type { RequestContext } from './request-dependencies.ts';
import type { SignatureRequest } from './signature-request.ts';

export interface SignedRequest {
  /** As it is stored now; undefined where a new one wasn't stored, or a stored one went no further. */
  readonly record: SignatureRequest | undefined;
  /** Of its first part. */
  readonly result: SigningResult | undefined;
}

/** In the order of the requests. Rejects as the signing path does. */
export async function signRequests(
  { path }: Pick<RequestContext, 'path'>,
  caller: Caller,
  requests: readonly RequestToSign[],
): Promise<readonly SignedRequest[]> {
  const items: ParsedItem<SigningItem>[] = [];
  const placed = requests.map((request): PlacedRequest => {
    const { content, record } = request;
    const places = content.parts.map(({ options }, part) => {
      const item: SigningItem = {
        key: { by: 'id', id: record.keyId },
        payload: { kind: 'content', content, part },
        options,
      };
      return items.push({ ok: true, item }) - 1;
    });
    return { ...request, places };
  });
  const { records, results }: SignedBatch = await path(caller, items, placed);
  return placed.map(({ places }, index) => ({ record: records[index], result: results[places[0] ?? -1] }));
}
