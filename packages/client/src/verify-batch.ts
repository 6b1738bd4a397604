import { type Api, type CallOptions, dataOf } from './api.ts';
import { toBase64 } from './base64.ts';
import { CountersignError, readErrorCode } from './countersign-error.ts';
import { type KeyChoice, type PlainContent, wireContent, wireKey } from './item-content.ts';

export type ItemToVerify = KeyChoice & PlainContent & { readonly signature: Uint8Array };

/** `error`: it couldn't be checked, which isn't the same as a signature that doesn't hold. */
export type VerifyResult =
  | { readonly checked: true; readonly valid: boolean; readonly keyId: string }
  | { readonly checked: false; readonly error: CountersignError };

/** In the order of the items; as many of them as the service takes in one request. */
export async function verifyBatch(
  api: Api,
  items: readonly ItemToVerify[],
  { signal }: CallOptions = {},
): Promise<readonly VerifyResult[]> {
  const body = {
    items: items.map((item) => ({ ...wireKey(item), ...wireContent(item), signature: toBase64(item.signature) })),
  };
  const { results } = await dataOf(api.POST('/api/v1/verifications', { body, ...(signal && { signal }) }));
  return results.map(({ valid, keyId, error }) =>
    valid !== undefined && keyId !== undefined
      ? { checked: true, valid, keyId }
      : {
          checked: false,
          error: new CountersignError(readErrorCode(error?.code), error?.message ?? 'a result without its members'),
        },
  );
}
