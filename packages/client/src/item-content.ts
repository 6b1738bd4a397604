/** What is signed or verified, with its bytes as bytes. */
import { toBase64 } from './base64.ts';
import type { components } from './generated/api.ts';

export type SigningOptions = components['schemas']['SigningOptions'];

/** One of the two. */
export type KeyChoice =
  | { readonly keyId: string; readonly keyName?: never }
  | { readonly keyName: string; readonly keyId?: never };

/** One of the two. `hash`: the one that made the digest, or that is to hash the message, such as `sha-256`. */
export type PlainContent = (
  | { readonly digest: Uint8Array; readonly message?: never }
  | { readonly message: Uint8Array; readonly digest?: never }
) & { readonly hash?: string; readonly options?: SigningOptions };

export function wireContent(content: PlainContent): {
  readonly digest?: string;
  readonly message?: string;
  readonly hash?: string;
  readonly options?: SigningOptions;
} {
  return {
    ...(content.digest !== undefined && { digest: toBase64(content.digest) }),
    ...(content.message !== undefined && { message: toBase64(content.message) }),
    ...(content.hash !== undefined && { hash: content.hash }),
    ...(content.options !== undefined && { options: content.options }),
  };
}

export function wireKey(choice: KeyChoice): { readonly keyId: string } | { readonly keyName: string } {
  return choice.keyId === undefined ? { keyName: choice.keyName } : { keyId: choice.keyId };
}
